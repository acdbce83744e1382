// The command line as a process, for what only a process shows. With LIST_MODULES it names every file it loaded.

import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load: (url, context, next) => {
    loaded.push(url);
    return next(url, context);
  },
});

const { createProgram } = await import('../../../daemon/cli/program.ts');
const { Terminal } = await import('../../../daemon/cli/terminal.ts');

const nothing = (): Promise<never> => Promise.reject(new Error('not played in this test'));
const { stdout, stderr, env } = process;
const program = createProgram({
  version: '1.2.3',
  terminal: new Terminal({ stdout, stderr, env }),
  env,
  offline: nothing,
});
process.exitCode = await program.execute(process.argv.slice(2));
if (env.LIST_MODULES !== undefined) stdout.write(loaded.map((url) => `loaded ${url}\n`).join(''));
