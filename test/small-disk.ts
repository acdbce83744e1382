// A file system of a few megabytes of its own, for tests that fill one up.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  path: string;
  resize(megabytes: number): void;
  remove(): void;
}

/** Mounted, or the reason why none can be (it takes root). */
export function smallDisk(megabytes: number): SmallDisk | { reason: string } {
  const path = mkdtempSync(join(tmpdir(), 'parlmesh-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true });
    const cause = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { reason: `no tmpfs can be mounted: ${cause}` };
  }
  return {
    path,
    resize: (size) => void execFileSync('mount', ['-o', `remount,size=${size}m`, path], { stdio: 'pipe' }),
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true });
    },
  };
}
