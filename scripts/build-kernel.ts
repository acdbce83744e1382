// Builds the PPO engine's arithmetic from AssemblyScript to WebAssembly, when its source is newer than what is there.

import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const folder = resolve(import.meta.dirname, '../agents/parl/ppo');
const source = join(folder, 'assembly/kernel.ts');
const target = join(folder, 'kernel.wasm');

if (!existsSync(target) || statSync(target).mtimeMs < statSync(source).mtimeMs) {
  const features = ['--enable', 'simd', '--enable', 'relaxed-simd'];
  const memory = ['--runtime', 'stub', '--importMemory', '--noExportMemory'];
  const { error, stderr } = await asc.main([source, '--baseDir', '/', '-O3', ...features, ...memory, '-o', target]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
