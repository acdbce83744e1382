// The blobs that this node keeps: files named by the SHA-256 of their bytes, bounded in total. What a job needs stays;
// of the rest, what was used least recently goes when room is needed.

import { createHash } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Service } from '../../../core/service.ts';
import type { BlobRef } from '../blob-ref.ts';
import { BlobWriter, blobError } from './blob-writer.ts';
import { blobFile, openFolder, partFolder, putInPlace, setAside } from './files.ts';

export interface BlobStoreParts {
  dataDir: string;
  /** Bytes of all blobs together. Without it: a tenth of what is free at the start, at most 1 GB. */
  mostBytes?: number;
  clock: Clock;
  journal: Journal;
  /** Bytes that the file system has left for us; asked of it unless given. */
  freeBytes?: () => Promise<number>;
}

export interface BlobStatus {
  blobs: number;
  bytes: number;
  mostBytes: number;
  /** Blobs that some job needs. */
  needed: number;
  /** Damaged ones found since the start. */
  corrupt: number;
}

interface Kept {
  bytes: number;
  /** Wall clock; order in the map is that of use. */
  usedAt: number;
  readers: number;
}

/** Bytes of one blob. */
export const MOST_BLOB_BYTES = 1_000_000_000;
/** What is read into memory as a whole; larger ones are read as a stream. */
const MOST_READ_BYTES = 64_000_000;
const CHUNK_BYTES = 256 * 1024;
/** Space that is left to everything else on the disk. */
const MARGIN_BYTES = 50_000_000;
/** What was written or read so lately is not removed for room: a task that is under way may need it next. */
const FRESH: Millis = 10 * 60_000;

export class BlobStore implements Service {
  readonly name = 'blobs';
  readonly #folder: string;
  readonly #parts: BlobStoreParts;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  /** Jobs by what they need. */
  readonly #needs = new Map<string, Set<string>>();
  #mostBytes = 0;
  #bytes = 0;
  #reserved = 0;
  #parted = 0;
  #corrupt = 0;
  #reserving: Promise<void> = Promise.resolve();

  constructor(parts: BlobStoreParts) {
    this.#parts = parts;
    this.#folder = join(parts.dataDir, 'blobs');
  }

  /** Finds what is kept; what a crash left half written is removed. */
  async start(): Promise<void> {
    this.#kept.clear();
    this.#bytes = 0;
    for (const { sha256, bytes, at } of await openFolder(this.#folder)) {
      this.#kept.set(sha256, { bytes, usedAt: at, readers: 0 });
      this.#bytes += bytes;
    }
    this.#mostBytes = this.#parts.mostBytes ?? Math.min(1e9, 0.1 * ((await this.#free()) + this.#bytes));
  }

  async stop(): Promise<void> {
    await this.#reserving;
  }

  status(): BlobStatus {
    const needed = new Set([...this.#needs.values()].flatMap((blobs) => [...blobs]));
    return {
      blobs: this.#kept.size,
      bytes: this.#bytes,
      mostBytes: this.#mostBytes,
      needed: [...this.#kept.keys()].filter((sha256) => needed.has(sha256)).length,
      corrupt: this.#corrupt,
    };
  }

  /** Bytes of a blob that is kept here; undefined for others. */
  size(sha256: string): number | undefined {
    return this.#kept.get(sha256)?.bytes;
  }

  /** What `job` needs is not removed until it is released. May be said before the blobs are here, and again. */
  hold(job: string, blobs: Iterable<string>): void {
    const needs = this.#needs.get(job) ?? new Set();
    for (const sha256 of blobs) needs.add(sha256);
    if (needs.size > 0) this.#needs.set(job, needs);
  }

  /** The job needs nothing any more. */
  release(job: string): void {
    this.#needs.delete(job);
  }

  /** Keeps bytes. Throws `BLOB_LIMIT`, `BLOB_DISK_FULL`; then nothing of them is left. */
  async write(bytes: Uint8Array | AsyncIterable<Uint8Array>, mediaType?: string): Promise<BlobRef> {
    const writer = await this.writer(bytes instanceof Uint8Array ? bytes.byteLength : undefined);
    try {
      if (bytes instanceof Uint8Array) await writer.append(bytes);
      else for await (const chunk of bytes) await writer.append(chunk);
      const { length } = writer;
      const sha256 = await writer.finish();
      return { $blob: sha256, bytes: length, ...(mediaType === undefined ? {} : { mediaType }) };
    } finally {
      await writer.discard();
    }
  }

  /** For bytes that come piece by piece. @param bytes how many will come, if that is known */
  writer(bytes?: number): Promise<BlobWriter> {
    const file = join(partFolder(this.#folder), `${++this.#parted}`);
    let reserved = 0;
    return BlobWriter.open(
      {
        file,
        reserve: async (more) => {
          await this.#reserve(more, reserved + more);
          reserved += more;
        },
        keep: async (sha256, length) => {
          // Also over one that is there: it may be damaged, which only its reader would find.
          await putInPlace(this.#folder, file, sha256);
          this.#enter(sha256, length);
        },
        done: () => {
          this.#reserved -= reserved;
          reserved = 0;
        },
      },
      bytes,
    );
  }

  /** All bytes, checked. Throws `BLOB_UNKNOWN`, `BLOB_CORRUPT`, and `BLOB_LIMIT` for more than 64 MB. */
  async read({ $blob }: Pick<BlobRef, '$blob'>): Promise<Uint8Array> {
    const { bytes } = this.#known($blob);
    if (bytes > MOST_READ_BYTES) {
      throw new ParlmeshError(
        'BLOB_LIMIT',
        `Blob ${$blob} has ${bytes} bytes; at most ${MOST_READ_BYTES} are read at once`,
        {
          hint: 'Split it into several',
        },
      );
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.stream($blob)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /**
   * The bytes from `offset` on, a chunk at a time. From the beginning they are checked as they go: the last chunk comes
   * only if all were right, else `BLOB_CORRUPT` is thrown and the file is set aside.
   */
  async *stream(sha256: string, offset = 0): AsyncGenerator<Uint8Array> {
    const kept = this.#known(sha256);
    this.#touch(sha256, kept);
    kept.readers += 1;
    const handle = await open(blobFile(this.#folder, sha256), 'r').catch((error: unknown) => {
      kept.readers -= 1;
      this.#forget(sha256);
      throw blobError(error, `is kept as ${sha256}, but cannot be read`);
    });
    try {
      const hash = createHash('sha256');
      let held: Uint8Array | undefined;
      for (let at = offset; ; ) {
        const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
        const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        const read = chunk.subarray(0, bytesRead);
        hash.update(read);
        if (held !== undefined) yield held;
        held = read;
      }
      if (offset === 0 && hash.digest('hex') !== sha256) await this.#onCorrupt(sha256);
      if (held !== undefined) yield held;
    } finally {
      kept.readers -= 1;
      await handle.close();
    }
  }

  #known(sha256: string): Kept {
    const kept = this.#kept.get(sha256);
    if (kept === undefined) throw new ParlmeshError('BLOB_UNKNOWN', `Blob ${sha256} is not kept on this node`);
    return kept;
  }

  #enter(sha256: string, bytes: number): void {
    const known = this.#kept.get(sha256);
    if (known === undefined) this.#bytes += bytes;
    this.#touch(sha256, known ?? { bytes, usedAt: 0, readers: 0 });
  }

  #touch(sha256: string, kept: Kept): void {
    kept.usedAt = this.#parts.clock.wall();
    this.#kept.delete(sha256);
    this.#kept.set(sha256, kept);
  }

  #forget(sha256: string): void {
    this.#bytes -= this.#kept.get(sha256)?.bytes ?? 0;
    this.#kept.delete(sha256);
  }

  /** One after the other: two must not be given the same room. */
  #reserve(more: number, whole: number): Promise<void> {
    const reserved = this.#reserving.then(async () => {
      await this.#makeRoom(more, whole);
      this.#reserved += more;
    });
    this.#reserving = reserved.catch(() => {});
    return reserved;
  }

  /** Removes what nobody needs until `more` bytes fit. @param whole bytes of the blob so far, `more` included */
  async #makeRoom(more: number, whole: number): Promise<void> {
    if (whole - more > MOST_BLOB_BYTES || more > MOST_BLOB_BYTES) {
      throw new ParlmeshError('BLOB_LIMIT', `A blob has more than the ${MOST_BLOB_BYTES} bytes that are taken`, {
        hint: 'Split it into several',
      });
    }
    let missing = this.#bytes + this.#reserved + more - this.#mostBytes;
    let missingOnDisk = more + MARGIN_BYTES - (await this.#free());
    if (missing <= 0 && missingOnDisk <= 0) return;
    const needed = new Set([...this.#needs.values()].flatMap((blobs) => [...blobs]));
    const now = this.#parts.clock.wall();
    for (const [sha256, { bytes, usedAt, readers }] of this.#kept) {
      if (missing <= 0 && missingOnDisk <= 0) return;
      if (needed.has(sha256) || readers > 0 || Math.abs(now - usedAt) < FRESH) continue;
      this.#forget(sha256);
      await rm(blobFile(this.#folder, sha256), { force: true });
      missing -= bytes;
      missingOnDisk -= bytes;
    }
    if (missing > 0) {
      throw new ParlmeshError(
        'BLOB_LIMIT',
        `Blobs take ${this.#bytes} of ${this.#mostBytes} bytes, and all are in use`,
        {
          hint: 'Raise swarm.blobs.mostBytes, or wait until jobs have ended',
        },
      );
    }
    if (missingOnDisk > 0) {
      throw new ParlmeshError(
        'BLOB_DISK_FULL',
        `The disk has no room for a blob: ${MARGIN_BYTES} bytes are left free`,
        {
          hint: 'Free space in the data folder',
        },
      );
    }
  }

  async #onCorrupt(sha256: string): Promise<never> {
    this.#corrupt += 1;
    const wasKept = this.#kept.has(sha256);
    this.#forget(sha256);
    const cause = `Blob ${sha256} is damaged: its bytes have another hash`;
    if (wasKept) {
      const place = await setAside(this.#folder, sha256).catch((error: unknown) => `nowhere (${messageOf(error)})`);
      const message = `${cause}; it was set aside as ${place}`;
      this.#parts.journal.record({ severity: 'error', kind: 'blob.corrupt', subject: 'service/swarm', message });
    }
    throw new ParlmeshError('BLOB_CORRUPT', cause, { hint: 'It is fetched from another node when a task needs it' });
  }

  async #free(): Promise<number> {
    if (this.#parts.freeBytes !== undefined) return this.#parts.freeBytes();
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }
}
