// Builds the arithmetic of the PPO engine and of the aggregation from AssemblyScript to WebAssembly, where a source is newer
// than what is there.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const agents = resolve(import.meta.dirname, '../agents');

for (const folder of ['parl/ppo', 'federation/aggregation']) {
  const source = join(agents, folder, 'assembly/kernel.ts');
  const target = join(agents, folder, 'kernel.wasm');
  if (existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs) continue;
  const features = ['--enable', 'simd', '--enable', 'relaxed-simd'];
  const memory = ['--runtime', 'stub', '--importMemory', '--noExportMemory'];
  const { error, stderr } = await asc.main([source, '--baseDir', '/', '-O3', ...features, ...memory, '-o', target]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
