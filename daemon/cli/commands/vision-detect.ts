// `parlmesh vision detect`: finds things in picture files, without a daemon.

import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { CocoNumbers, CocoResult } from '../../../vision/detection/coco-results.ts';
import type { Search } from '../../../vision/detection/search.ts';
import type { Cli } from '../cli.ts';
import { type CliCommand, integerOption } from '../command.ts';
import { percent } from '../format.ts';
import type { PictureFile } from '../picture-files.ts';
import { table } from '../table.ts';
import { plain } from '../terminal.ts';
import { folderOfStore } from './store.ts';

interface DetectOptions {
  output: 'table' | 'json' | 'coco';
  dataDir?: string;
  model?: string;
  tiles: number;
  threads?: number;
  minConfidence?: number;
  annotations?: string;
}

/** A picture and what is in it. */
interface Seen {
  file: string;
  width: number;
  height: number;
  objects: { label: string; confidence: number /** Left, top, width, height in pixels. */; box: number[] }[];
}
type Looked = Seen | { file: string; error: string };

/** What a picture gives, and how it is printed: one entry a picture, or several. */
interface Lines {
  looked: Looked;
  entries: readonly (Looked | CocoResult)[];
}

/** Pictures under way: one is looked at while the next is decoded. */
const AT_ONCE = 2;
/** Low, as average precision looks at the whole curve. */
const FOR_SCORING = 0.05;

export function registerVisionDetect(vision: CliCommand, cli: Cli): void {
  vision
    .command('detect')
    .argument('<path...>', 'pictures, or folders of them')
    .summary('find things in pictures')
    .description(
      'Finds persons, vehicles, animals and other things with a model of this node. `-o coco` prints COCO’s results file: image_id is the number in the picture’s name, or what an annotation file says; category_id is COCO’s (1 to 90), or that file’s. A picture that cannot be read is named on stderr, and the exit code is 1.',
    )
    .option('--model <id>', 'the model (default: the one of this board)')
    .option(
      '--tiles <count>',
      'look at parts of the picture as well, so many each way: for small things',
      integerOption(1, 4),
      1,
    )
    .option(
      '--min-confidence <share>',
      'leave out what is less sure (default: as the model says; 0.05 for coco)',
      shareOption,
    )
    .option('--annotations <file>', 'COCO annotations with the numbers of pictures and classes, for coco')
    .option('--threads <count>', 'cores that are used (default: all, up to 4)', integerOption(1, 16))
    .addOption(
      new Option('-o, --output <format>', 'for people, for programs, or COCO’s results')
        .choices(['table', 'json', 'coco'])
        .default('table'),
    )
    .option(
      '--data-dir <folder>',
      'data folder with added models (default: PARLMESH_DATA_DIR, else where it usually is)',
    )
    .example('vision detect yard.jpg', 'what is in this picture?')
    .example(
      'vision detect ./val2017 -o coco --annotations instances.json > results.json',
      'to be scored by COCO’s tools',
    )
    .example('vision detect roof.jpg --tiles 2', 'small things too: five times the work')
    .action((paths: string[], options: DetectOptions) => detectAll(cli, paths, options));
}

async function detectAll(cli: Cli, paths: readonly string[], options: DetectOptions): Promise<void> {
  const { availableParallelism } = await import('node:os');
  const { COCO_NUMBERS, numbersFrom } = await import('../../../vision/detection/coco-results.ts');
  const { findModel } = await import('../../../vision/detection/model-file.ts');
  const { OnnxDetector } = await import('../../../vision/detection/onnx-detector.ts');
  const { detectProfile } = await import('../../hardware/detect.ts');
  const { systemClock, systemRandom } = await import('../../clock.ts');
  const { modelFolders } = await import('../model-files.ts');
  const { picturesIn } = await import('../picture-files.ts');
  const pictures = await picturesIn(paths);
  const { annotations } = options;
  const numbers = annotations === undefined ? COCO_NUMBERS : numbersFrom(await annotationsIn(annotations), annotations);
  const folders = modelFolders(await folderOfStore(cli, { ...options, output: 'table' }));
  const model = await findModel(folders, options.model ?? detectProfile().profile.detector);
  const threads = options.threads ?? Math.min(4, availableParallelism());
  const detector = new OnnxDetector({ model, threads, clock: systemClock, random: systemRandom() });
  const { threshold, input } = model.manifest;
  const minConfidence = options.minConfidence ?? (options.output === 'coco' ? FOR_SCORING : threshold);
  const search: Search = { detector, fit: input.fit, tiles: options.tiles, minConfidence };
  detector.open();
  try {
    await print(
      cli,
      options.output,
      lookAll(cli, pictures, (picture) => lookAt(picture, search, options.output, numbers)),
    );
    // A model that does not run is not the pictures' fault.
    if (detector.state.kind === 'failed') throw new ParlmeshError(detector.state.code, detector.state.cause);
  } finally {
    await detector.close();
  }
}

async function annotationsIn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ParlmeshError('ANNOTATIONS_INVALID', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
}

/** In their order, some ahead. */
async function* lookAll(
  cli: Cli,
  pictures: readonly PictureFile[],
  look: (picture: PictureFile) => Promise<Lines>,
): AsyncGenerator<Lines> {
  const pending: Promise<Lines>[] = [];
  for (const picture of pictures) {
    if (cli.signal.aborted) break;
    pending.push(look(picture));
    if (pending.length === AT_ONCE) yield await pending.shift()!;
  }
  for (const last of pending) yield await last;
}

/** Never rejects. */
async function lookAt(
  { file, path }: PictureFile,
  search: Search,
  output: DetectOptions['output'],
  numbers: CocoNumbers,
): Promise<Lines> {
  try {
    const { searchPicture } = await import('../../../vision/detection/search.ts');
    const { cocoResults, rounded } = await import('../../../vision/detection/coco-results.ts');
    const { readPicture } = await import('../picture-files.ts');
    const id = output === 'coco' ? numbers.imageOf(path) : 0;
    if (id === undefined) throw new Error('it has no number: not in the annotations, or none in its name');
    const { detections, width, height } = await searchPicture(await readPicture(path), search);
    const objects = detections.map(({ label, confidence, box }) => ({
      label,
      confidence: rounded(confidence, 4),
      box: [box.x * width, box.y * height, box.width * width, box.height * height].map((value) => rounded(value, 1)),
    }));
    const looked: Seen = { file, width, height, objects };
    return { looked, entries: output === 'coco' ? cocoResults(detections, { id, width, height }, numbers) : [looked] };
  } catch (cause) {
    const looked = { file, error: messageOf(cause) };
    return { looked, entries: output === 'coco' ? [] : [looked] };
  }
}

/** JSON goes out as it comes: a folder may take long. */
async function print(cli: Cli, output: DetectOptions['output'], all: AsyncIterable<Lines>): Promise<void> {
  const rows: Looked[] = [];
  let printed = 0;
  for await (const { looked, entries } of all) {
    if ('error' in looked) {
      cli.exitCode = 1;
      if (output !== 'table') cli.terminal.note(`${plain(looked.file)}: ${plain(looked.error)}`);
    }
    if (output === 'table') rows.push(looked);
    else for (const entry of entries) cli.terminal.print(`${printed++ === 0 ? '[' : ','}${JSON.stringify(entry)}`);
  }
  if (output === 'table') cli.terminal.print(rendered(cli, rows));
  else cli.terminal.print(printed === 0 ? '[]' : ']');
}

function rendered(cli: Cli, rows: readonly Looked[]): string {
  if (rows.length === 0) return 'There are no pictures.';
  const lines = rows.flatMap((row) =>
    'error' in row
      ? [{ file: row.file, label: '', confidence: '', box: '', error: row.error }]
      : row.objects.map(({ label, confidence, box }) => {
          const [x, y, width, height] = box.map(Math.round);
          return {
            file: row.file,
            label,
            confidence: percent(confidence),
            box: `${width}x${height}+${x}+${y}`,
            error: '',
          };
        }),
  );
  if (lines.length === 0) return 'Nothing was found.';
  return table(cli.terminal, lines, [
    { title: 'picture', value: ({ file }) => file },
    { title: 'what', value: ({ label }) => label },
    { title: 'sure', align: 'right', value: ({ confidence }) => confidence },
    { title: 'where', value: ({ box }) => box },
    { title: 'error', value: ({ error }) => error, style: () => 'red' },
  ]);
}

function shareOption(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('Expected a share from 0 to 1, e.g. 0.05.');
}
