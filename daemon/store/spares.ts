// Files that lie beside the store for the case that somebody wants them: what a repair set aside, and older backups.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { listBackups } from './backups.ts';
import { listAside } from './recovery.ts';

/** Deletes them; the newest backup stays. */
export function removeSpares(dataDir: string): void {
  for (const { file } of listBackups(dataDir).slice(1)) rmSync(file, { force: true });
  for (const name of listAside(dataDir)) rmSync(join(dataDir, name), { force: true });
}
