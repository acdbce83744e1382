// What was learned of cameras' views, as files in the data folder. A file is whole or not there: it is written beside
// and put in place.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { ViewMemory } from '../../vision/view-memory.ts';

/** A view has 300 kB at most. */
const MOST_BYTES = 2_000_000;

export class ViewFiles implements ViewMemory {
  readonly #folder: string;
  readonly #logger: Logger;

  /** @param folder made when it is needed */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
  }

  load(name: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(join(this.#folder, name));
      return bytes.length > MOST_BYTES ? undefined : bytes;
    } catch {
      // Nothing was kept yet.
      return undefined;
    }
  }

  save(name: string, bytes: Uint8Array): void {
    const file = join(this.#folder, name);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      this.#logger.warn({ file, cause: messageOf(error) }, 'what was learned of a camera’s view is not kept');
    }
  }
}
