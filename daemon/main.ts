// The entry of the `parlmesh` command.

import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { createProgram } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';
import { systemClock } from './clock.ts';

// onnxruntime-node reports home unless this stands in the process's environment before it loads.
process.env.ORT_DISABLE_TELEMETRY = '1';
const { env } = process;
// Compiled code is kept for the next start, which takes half the time; never in a folder that others may write.
enableCompileCache(env.NODE_COMPILE_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parlmesh'));

const program = createProgram({
  terminal: new Terminal({ stdout: process.stdout, stderr: process.stderr, env }),
  env,
  version: packageJson.version,
  offline: async () => (await import('./cli/on-files.ts')).actionsOnFiles(systemClock),
});
process.exitCode = await program.execute(process.argv.slice(2));
