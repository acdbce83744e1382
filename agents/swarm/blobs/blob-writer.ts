// One blob on its way to the disk: written to a file of its own, hashed as it comes, synced and given its place once it
// is whole. What is not finished leaves nothing behind.

import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';

export interface BlobWriterParts {
  /** The file to write; it must not exist. */
  file: string;
  /** Sets room for so many more bytes aside, or throws. */
  reserve: (bytes: number) => Promise<void>;
  /** Gives the finished file its place. */
  keep: (sha256: string, bytes: number) => Promise<void>;
  /** The writer is done with, one way or the other: what it had reserved is free. */
  done: () => void;
}

/** Small pieces are written together. */
const BUFFER_BYTES = 256 * 1024;
/** Room is set aside in such steps where the size is not known before. */
const STEP_BYTES = 1_000_000;

export class BlobWriter {
  readonly #parts: BlobWriterParts;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffered = 0;
  #hash: Hash = createHash('sha256');
  #length = 0;
  #reserved = 0;
  #isOver = false;

  private constructor(parts: BlobWriterParts, handle: FileHandle) {
    this.#parts = parts;
    this.#handle = handle;
  }

  /** @param bytes how many will come, if that is known */
  static async open(parts: BlobWriterParts, bytes = 0): Promise<BlobWriter> {
    let handle: FileHandle;
    try {
      await parts.reserve(bytes);
      handle = await open(parts.file, 'wx', 0o600);
    } catch (error) {
      parts.done();
      throw blobError(error, 'cannot be written');
    }
    const writer = new BlobWriter(parts, handle);
    writer.#reserved = bytes;
    return writer;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** One after the other. After an error only `discard` makes sense. */
  async append(chunk: Uint8Array): Promise<void> {
    const more = this.#length + chunk.byteLength - this.#reserved;
    try {
      if (more > 0) {
        const step = Math.max(STEP_BYTES, more);
        await this.#parts.reserve(step);
        this.#reserved += step;
      }
      for (let at = 0; at < chunk.byteLength; ) {
        const part = chunk.subarray(at, at + BUFFER_BYTES - this.#buffered);
        this.#buffer.set(part, this.#buffered);
        this.#buffered += part.byteLength;
        this.#length += part.byteLength;
        at += part.byteLength;
        if (this.#buffered === BUFFER_BYTES) await this.#flush();
      }
    } catch (error) {
      throw blobError(error, 'cannot be written');
    }
    this.#hash.update(chunk);
  }

  /** Begins anew with nothing. */
  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#buffered = 0;
    this.#hash = createHash('sha256');
    this.#length = 0;
  }

  /** The SHA-256 of the bytes so far. */
  hash(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Resolves with the SHA-256 once the bytes are on the disk, synced, in their place. */
  async finish(): Promise<string> {
    const sha256 = this.hash();
    try {
      await this.#flush();
      await this.#handle.datasync();
      await this.#handle.close();
      await this.#parts.keep(sha256, this.#length);
    } catch (error) {
      await this.discard();
      throw blobError(error, 'cannot be kept');
    }
    this.#isOver = true;
    this.#parts.done();
    return sha256;
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    const position = this.#length - this.#buffered;
    for (let at = 0; at < bytes.length; ) {
      at += (await this.#handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    }
    this.#buffered = 0;
  }

  /** Removes what was written. After `finish` it does nothing. */
  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#handle.close().catch(() => {});
    await rm(this.#parts.file, { force: true }).catch(() => {});
    this.#parts.done();
  }
}

/** An error of the file system as one that says what to do; coded ones stay themselves. */
export function blobError(thrown: unknown, what: string): ParlmeshError {
  if (thrown instanceof ParlmeshError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ParlmeshError('BLOB_DISK_FULL', `A blob ${what}: the disk is full`, {
      hint: 'Free space in the data folder, or set swarm.blobs.mostBytes lower so that old blobs go sooner',
      cause: thrown,
    });
  }
  return new ParlmeshError('BLOB_FAILED', `A blob ${what}: ${messageOf(thrown)}`, {
    hint: 'parlmesh doctor; check that the data folder is there, writable and on a healthy disk',
    cause: thrown,
  });
}
