// The entry of the `parlmesh` command.

import { enableCompileCache } from 'node:module';
import packageJson from '../package.json' with { type: 'json' };
import { createProgram } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';
import { systemClock } from './clock.ts';

// onnxruntime-node reports home unless this stands in the process's environment before it loads.
process.env.ORT_DISABLE_TELEMETRY = '1';
// Compiled code is kept where NODE_COMPILE_CACHE says, else in the temporary folder: a start takes half the time.
enableCompileCache();

const { env } = process;
const program = createProgram({
  terminal: new Terminal({ stdout: process.stdout, stderr: process.stderr, env }),
  env,
  version: packageJson.version,
  offline: async () => (await import('./cli/on-files.ts')).actionsOnFiles(systemClock),
});
process.exitCode = await program.execute(process.argv.slice(2));
