// Convergence, messages, time and memory of simulated networks: `--nodes 100,1000,5000`, and the options of `one.ts`. Each
// size has a process of its own, with most of the machine's memory.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const MEMORY = ['--max-old-space-size-percentage=75', '--max-semi-space-size=64'];

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    'compute-period': { type: 'string', default: '20' },
    areas: { type: 'string', default: '1' },
    cold: { type: 'boolean', default: false },
    json: { type: 'boolean' },
  },
});
const { nodes, seed, areas, cold } = values;
for (const count of nodes.split(',')) {
  const options = ['--nodes', count, '--seed', seed, '--areas', areas, '--compute-period', values['compute-period']];
  const script = join(import.meta.dirname, 'one.ts');
  const child = spawn(process.execPath, [...MEMORY, script, ...options, ...(cold ? ['--cold'] : [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) process.exitCode = 1;
}
