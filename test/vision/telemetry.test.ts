import { execFile, spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from './support/journal.ts';

const child = fileURLToPath(new URL('./support/telemetry-child.ts', import.meta.url));

it('loads onnxruntime only for a camera, leaves no trace at home and needs no network', async () => {
  const home = await temporaryFolder();
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: home, TMPDIR: home };
  // Where the system allows it, the process has no network at all, not even a loopback address.
  const isolated = spawnSync('unshare', ['-rn', 'true']).status === 0;
  const command = [...(isolated ? ['unshare', '-rn'] : []), process.execPath, child];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { env, timeout: 25_000 });
  const loaded: unknown = JSON.parse(stdout);
  expect(loaded).toEqual({
    loadedWithoutCamera: [],
    loadedWithCamera: [expect.stringContaining('onnxruntime'), expect.anything()],
  });
  expect(await readdir(home)).toEqual([]);
});
