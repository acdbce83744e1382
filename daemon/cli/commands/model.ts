// `parlmesh model`: the networks that look at pictures.

import type { ModelView } from '../../view/schema.ts';
import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { table } from '../table.ts';

export function registerModel(program: CliCommand, cli: Cli): void {
  program
    .command('model')
    .summary('the models that look at pictures')
    .description('Models are ONNX files with a manifest: checksum, licence, classes.')
    .example('model list', 'which models are installed?')
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
              { title: 'id', value: (model) => model.id },
              {
                title: 'state',
                value: (model) => model.state,
                style: ({ state }) => (state === 'ok' ? undefined : 'red'),
              },
              { title: 'default', value: (model) => (model.isDefault ? 'yes' : '') },
              { title: 'task', value: (model) => model.task },
              { title: 'input', align: 'right', value: (model) => model.inputSize.join('x') },
              { title: 'classes', align: 'right', value: (model) => String(model.classes) },
              { title: 'licence', value: (model) => model.licence },
              { title: 'title', value: (model) => model.title },
              { title: 'cause', value: (model) => model.cause ?? '' },
            ]),
      );
    });
}
