// Clips as files of their own, named after their observations: bounded in age and bytes, the oldest go first.

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { isSnapshotId } from '../store/snapshots.ts';

interface Limits {
  readonly keepDays: number;
  readonly maxBytes: number;
}

const DAY = 86_400_000;
const ENDING = '.webp';

export class ClipFolder {
  readonly #folder: string;
  readonly #limits: Limits;
  readonly #clock: Clock;
  /** By id, oldest first. */
  #clips = new Map<string, { at: number; bytes: number }>();

  constructor(folder: string, limits: Limits, clock: Clock) {
    this.#folder = folder;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Finds what is there; what a power cut left half-written goes. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const found: [string, { at: number; bytes: number }][] = [];
    for (const name of await readdir(this.#folder)) {
      const file = join(this.#folder, name);
      const id = name.slice(0, -ENDING.length);
      if (!name.endsWith(ENDING) || !isSnapshotId(id)) {
        await rm(file, { recursive: true, force: true });
        continue;
      }
      const { mtimeMs, size } = await stat(file);
      found.push([id, { at: mtimeMs, bytes: size }]);
    }
    this.#clips = new Map(found.sort(([, a], [, b]) => a.at - b.at));
    await this.#prune();
  }

  has(id: string): boolean {
    return this.#clips.has(id);
  }

  async save(id: string, webp: Uint8Array): Promise<void> {
    if (!isSnapshotId(id)) return;
    const file = join(this.#folder, `${id}${ENDING}`);
    await writeFile(`${file}.part`, webp, { mode: 0o600 });
    await rename(`${file}.part`, file);
    this.#clips.delete(id);
    this.#clips.set(id, { at: this.#clock.wall(), bytes: webp.byteLength });
    await this.#prune();
  }

  async read(id: string): Promise<{ picture: Uint8Array; at: number } | undefined> {
    const known = this.#clips.get(id);
    if (known === undefined) return undefined;
    const picture = await readFile(join(this.#folder, `${id}${ENDING}`)).catch(() => undefined);
    return picture && { picture, at: known.at };
  }

  /** Deletes the oldest until that share of the age and the bytes at most is left. */
  async freeSpace(share: number): Promise<void> {
    await this.#prune(share);
  }

  async #prune(share = 1): Promise<void> {
    const before = this.#clock.wall() - share * this.#limits.keepDays * DAY;
    let over = -share * this.#limits.maxBytes;
    for (const { bytes } of this.#clips.values()) over += bytes;
    for (const [id, { at, bytes }] of this.#clips) {
      if (at >= before && over <= 0) break;
      this.#clips.delete(id);
      over -= bytes;
      await rm(join(this.#folder, `${id}${ENDING}`), { force: true });
    }
  }
}
