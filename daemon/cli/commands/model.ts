// `parlmesh model`: the networks that look at pictures.

import { InvalidArgumentError } from 'commander';
import type { ModelView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { milliseconds } from '../format.ts';
import type { ModelSpeed } from '../model-bench.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';
import { folderOfStore } from './store.ts';

interface AddOptions extends CommonOptions {
  id?: string;
  licence?: string;
  source?: string;
  replace?: true;
}

interface BenchOptions extends CommonOptions {
  threads: number[];
  frames: number;
  picture?: string;
}

export function registerModel(program: CliCommand, cli: Cli): void {
  const model = program
    .command('model')
    .summary('the models that look at pictures')
    .description(
      'Models are ONNX files with a manifest: checksum, licence, classes. No daemon is needed for any of this.',
    )
    .example('model list', 'which models are installed?')
    .example('model add picodet_s_416.onnx', 'install another detector');
  registerList(model, cli);
  registerAdd(model, cli);
  registerVerify(model, cli);
  registerBench(model, cli);
  registerRemove(model, cli);
}

function registerList(model: CliCommand, cli: Cli): void {
  model
    .command('list')
    .summary('the models that are installed')
    .description('Lists the models, whether their files are whole, and under which licence they come.')
    .common()
    .example('model list', 'which models are there, and is one broken?')
    .action(async (options: CommonOptions) => {
      const rows = await cli.daemonOr(
        options,
        (client) => client.list<ModelView>('models'),
        async (dataDir) => (await cli.offline()).listModels(dataDir),
      );
      cli.show(options, rows, () =>
        rows.length === 0
          ? 'No models are installed.'
          : table(cli.terminal, rows, [
              { title: 'id', value: (row) => row.id },
              {
                title: 'state',
                value: (row) => row.state,
                style: ({ state }) => (state === 'ok' ? undefined : 'red'),
              },
              { title: 'default', value: (row) => (row.isDefault ? 'yes' : '') },
              { title: 'task', value: (row) => row.task },
              { title: 'input', align: 'right', value: (row) => row.inputSize.join('x') },
              { title: 'classes', align: 'right', value: (row) => String(row.classes) },
              { title: 'licence', value: (row) => row.licence },
              { title: 'title', value: (row) => row.title },
              { title: 'cause', value: (row) => row.cause ?? '' },
            ]),
      );
    });
}

function registerAdd(model: CliCommand, cli: Cli): void {
  model
    .command('add')
    .argument('<path>', 'an .onnx file, a manifest.json, or a folder with either')
    .summary('install a model')
    .description(
      'Tries a model and copies it into the data folder’s `models/`. What the manifest beside it says counts; without one, PicoDet, YOLOX and NanoDet-Plus with COCO’s 80 classes are known by their form. `vision.detector` names the model that cameras use.',
    )
    .option('--id <id>', 'what it is called (default: as in its manifest, or after its file)')
    .option('--licence <text>', 'under which licence it comes')
    .option('--source <text>', 'where it comes from')
    .option('--replace', 'also in the place of another model of that id')
    .common()
    .example('model add picodet_s_416.onnx --licence Apache-2.0', 'a file of a known family')
    .example('model add ./my-model', 'a folder with a manifest.json')
    .action(async (path: string, options: AddOptions) => {
      const { addModels } = await import('../model-files.ts');
      const { id, licence, source, replace = false } = options;
      const about = { id, licence, source, replace, wall: Date.now() };
      const added = await addModels(await folderOfStore(cli, options), path, about);
      cli.show(options, added, () =>
        [
          ...added.map((one) => `${one.replaced ? 'Replaced' : 'Installed'} ${plain(one.id)}: ${plain(one.path)}`),
          `Cameras use it with \`vision.detector: ${added[0]?.id}\` in the configuration.`,
        ].join('\n'),
      );
    });
}

function registerVerify(model: CliCommand, cli: Cli): void {
  model
    .command('verify')
    .argument('[id]', 'the model (default: all)')
    .summary('are models whole, and do they run?')
    .description(
      'Compares files with their checksum, loads each and lets it look at a picture. Ends with 1 when one is wrong.',
    )
    .common()
    .example('model verify', 'exit code 0 when all are well')
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { verifyModels } = await import('../model-files.ts');
      const verdicts = await verifyModels(await folderOfStore(cli, options), id);
      if (verdicts.some(({ ok }) => !ok)) cli.exitCode = 1;
      cli.show(options, verdicts, () =>
        table(cli.terminal, verdicts, [
          { title: 'id', value: (row) => row.id },
          { title: 'runs', value: ({ ok }) => (ok ? 'yes' : 'no'), style: ({ ok }) => (ok ? undefined : 'red') },
          { title: 'file', value: (row) => row.path },
          { title: 'cause', value: (row) => row.cause ?? '' },
        ]),
      );
    });
}

function registerBench(model: CliCommand, cli: Cli): void {
  model
    .command('bench')
    .argument('[id]', 'the model (default: all)')
    .summary('how fast is a model on this board?')
    .description(
      'Measures frames one after the other, from JPEG to boxes, in turn with ONNX Runtime’s session alone on the same picture.',
    )
    .option('--threads <counts>', 'cores of one inference, one or several', threadsOption, [1, 2])
    .option('--frames <count>', 'frames for each figure', integerOption(1, 10_000), 50)
    .option('--picture <file>', 'the picture that is looked at (default: a drawn street of 1280 × 720)')
    .common()
    .example('model bench', 'which model suits this board?')
    .example('model bench mb3-centernet-320 --threads 1,2,4', 'what do more cores bring?')
    .action(async (id: string | undefined, options: BenchOptions) => {
      const { findModel, listModels } = await import('../../../vision/detection/model-file.ts');
      const { modelFolders } = await import('../model-files.ts');
      const { benchModel, benchPicture } = await import('../model-bench.ts');
      const folders = modelFolders(await folderOfStore(cli, options));
      const models = id === undefined ? await listModels(folders) : [await findModel(folders, id)];
      const picture = await benchPicture(options.picture);
      const rows: ModelSpeed[] = [];
      for (const one of models) {
        for (const threads of options.threads) {
          rows.push(await benchModel(one, { threads, frames: options.frames, picture, signal: cli.signal }));
        }
      }
      cli.show(options, rows, () =>
        table(cli.terminal, rows, [
          { title: 'id', value: (row) => row.id },
          { title: 'threads', align: 'right', value: (row) => String(row.threads) },
          { title: 'frame p50', align: 'right', value: (row) => milliseconds(row.frameP50) },
          { title: 'frame p95', align: 'right', value: (row) => milliseconds(row.frameP95) },
          { title: 'bare p50', align: 'right', value: (row) => milliseconds(row.bareP50) },
          { title: 'ratio', align: 'right', value: (row) => row.ratio.toFixed(2) },
        ]),
      );
    });
}

function registerRemove(model: CliCommand, cli: Cli): void {
  model
    .command('remove')
    .argument('<id>', 'the model')
    .summary('take a model out')
    .description('Deletes a model of the data folder. Those that come with parlmesh stay.')
    .common()
    .example('model remove picodet-s-416', 'it is not needed any more')
    .action(async (id: string, options: CommonOptions) => {
      const { takeModelOut } = await import('../model-files.ts');
      const removed = await takeModelOut(await folderOfStore(cli, options), id, Date.now());
      cli.show(options, removed, () => `Removed ${plain(removed.id)} (${plain(removed.title)}).`);
    });
}

function threadsOption(text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 16)) return counts;
  throw new InvalidArgumentError('Expected numbers from 1 to 16, e.g. 1,2,4.');
}
