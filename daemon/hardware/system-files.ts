// Reads the small text files under /proc and /sys. What is missing is absent; what holds garbage is absent and noted
// in the log; nothing here throws or reads without bound.

import { access, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** Far above every file that is read here. */
const MOST_BYTES = 16_384;

export class SystemFiles {
  readonly #root: string;
  readonly #log: Logger;

  /** @param root `/`, or the folder of a made-up machine */
  constructor(root: string, log: Logger) {
    this.#root = root;
    this.#log = log;
  }

  /** The first 16 kB, trimmed; undefined when there is no such file or it cannot be read. */
  async text(file: string): Promise<string | undefined> {
    try {
      await using handle = await open(path.join(this.#root, file));
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(MOST_BYTES), 0, MOST_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead).trim();
    } catch (thrown) {
      const absent = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
      if (!absent) this.#log.debug({ file, cause: messageOf(thrown) }, 'cannot read a system file');
      return undefined;
    }
  }

  /** A decimal number within bounds; undefined for anything else. */
  async number(file: string, least = 0, most = Number.MAX_SAFE_INTEGER): Promise<number | undefined> {
    const text = await this.text(file);
    if (text === undefined) return undefined;
    const value = /^[+-]?\d{1,20}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : this.garbage(file, text);
  }

  /** Names in a folder, sorted, at most `most`; none when there is no such folder. */
  async names(folder: string, most = 256): Promise<string[]> {
    try {
      return (await readdir(path.join(this.#root, folder))).sort().slice(0, most);
    } catch {
      return [];
    }
  }

  async exists(file: string): Promise<boolean> {
    return access(path.join(this.#root, file)).then(
      () => true,
      () => false,
    );
  }

  /** Notes that a file held something else than expected. */
  garbage(file: string, text: string): undefined {
    this.#log.debug({ file, text: text.slice(0, 80) }, 'a system file holds something unexpected');
    return undefined;
  }
}
