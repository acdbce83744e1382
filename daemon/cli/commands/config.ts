// `parlmesh config`: check, describe, show and reload the configuration.

import type { Cli, CommonOptions } from '../cli.ts';
import type { CliCommand } from '../command.ts';
import { plain } from '../terminal.ts';

export function registerConfig(program: CliCommand, cli: Cli): void {
  const config = program
    .command('config')
    .summary('check, describe, show and reload the configuration')
    .description('The configuration is one YAML file, then PARLMESH_… variables, then flags. Everything has a default.')
    .example('config check', 'is the configuration right?');

  config
    .command('check')
    .argument('[file]', 'the file to check (default: PARLMESH_CONFIG, else /etc/parlmesh/config.yaml if it is there)')
    .summary('say everything that is wrong with the configuration')
    .description('Checks file and environment as a start of the daemon would, and names every problem with its place.')
    .common()
    .example('config check', 'check what the daemon would read')
    .example('config check ./new.yaml && sudo cp new.yaml /etc/parlmesh/config.yaml', 'check before it is installed')
    .action(async (file: string | undefined, options: CommonOptions) => {
      const { checkConfig } = await import('../../config/load.ts');
      const { describeProblem } = await import('../../config/problem.ts');
      const check = checkConfig({ file, env: cli.env, flags: {} });
      if (!check.ok) cli.exitCode = 1;
      const report = check.ok
        ? { ok: true, file: check.loaded.file, set: [...check.loaded.explicit], problems: [] }
        : { ok: false, problems: check.problems.map((problem) => ({ ...problem, text: describeProblem(problem) })) };
      cli.show(options, report, ({ problems }) =>
        check.ok
          ? `${check.loaded.file ?? 'Without a file, the configuration'} is right: ${check.loaded.explicit.size} settings are set, the rest are defaults.`
          : problems.map(({ text }) => plain(text)).join('\n'),
      );
    });

  config
    .command('schema')
    .summary('print the JSON Schema of the configuration')
    .description('Prints every setting with its meaning, unit, default and limits, as JSON Schema for editors.')
    .common()
    .example('config schema > parlmesh.schema.json', 'for an editor that completes and checks YAML')
    .action(async () => {
      const { configJsonSchema } = await import('../../config/json-schema.ts');
      cli.terminal.print(JSON.stringify(configJsonSchema(), undefined, 2));
    });

  config
    .command('show')
    .summary('print the configuration in force')
    .description('Prints what the running daemon goes by, or what a start would go by; secrets are hidden.')
    .common()
    .example('config show', 'as YAML')
    .example('config show -o json | jq .http', 'one section for a script')
    .action(async (options: CommonOptions) => {
      const { shown, drawn } = await cli.daemonOr(
        options,
        async (client) => {
          const [shown, cameras] = await Promise.all([
            client.get<unknown>('config'),
            client.list<{ id: string }>('cameras'),
          ]);
          const areas = await Promise.all(
            cameras.map(({ id }) => client.get<{ drawn: boolean }>(`vision/cameras/${encodeURIComponent(id)}/zones`)),
          );
          return { shown, drawn: cameras.flatMap(({ id }, at) => (areas[at]?.drawn ? [id] : [])) };
        },
        async (dataDir) => {
          const { loadConfig } = await import('../../config/load.ts');
          const { redactConfig } = await import('../../config/redact.ts');
          const { drawnCameras, withDrawnAreas } = await import('../../cameras/drawn-areas.ts');
          const { config: read } = withDrawnAreas(loadConfig({ env: cli.env, flags: {} }), dataDir);
          return { shown: redactConfig(read), drawn: drawnCameras(dataDir, read.cameras) };
        },
      );
      const { stringify } = await import('yaml');
      const notes = drawn.map((camera) => `\n# ${camera}: its areas are as drawn on the page (drawn-areas.json)`);
      cli.show(options, shown, () => `${stringify(shown).trimEnd()}${notes.join('')}`);
    });

  config
    .command('reload')
    .summary('read the configuration again')
    .description('Tells the running daemon to read its configuration again, as SIGHUP does.')
    .common()
    .example('config reload', 'take over what was changed')
    .action(async (options: CommonOptions) => {
      const change = await cli
        .client(options)
        .post<{ applied: string[]; needRestart: string[] }>('config/reload', undefined, 60_000);
      cli.show(options, change, ({ applied, needRestart }) =>
        [
          applied.length === 0 ? 'Nothing changed at once.' : `In force now: ${applied.join(', ')}`,
          ...(needRestart.length === 0 ? [] : [`In force after a restart: ${needRestart.join(', ')}`]),
        ].join('\n'),
      );
    });
}
