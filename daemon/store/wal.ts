// SQLite's write-ahead log, read as a file. SQLite stops at the first frame whose checksum is wrong and forgets all
// after it without a word: right for the torn end after a power cut, silent loss when a bit flipped in the middle.
// Format: https://www.sqlite.org/fileformat2.html#walformat

import { existsSync, readFileSync } from 'node:fs';

const HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;

/** What is wrong with a log; undefined when it is sound or ends as a power cut may end it. */
export function walDamage(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const log = readFileSync(file);
  if (log.length < HEADER + FRAME_HEADER || isZero(log.subarray(0, HEADER))) return undefined;
  const shape = shapeOf(log);
  if (shape === undefined || !headerIsSound(log, shape)) return `${file}: the header is damaged`;
  const { sound, frames } = checkFrames(log, shape);
  for (let frame = sound + 1; frame < frames; frame++) {
    if (isCommit(log, shape, frame)) return `${file}: frame ${sound + 1} is damaged, and commits follow it`;
  }
  return undefined;
}

/**
 * The same log with every checksum made right up to the last commit, so that SQLite reads on through the damage: for
 * salvage, which checks rows itself. Undefined when nothing can be read from it.
 * @param pageSize the database's, since the log's own header may be what is damaged
 */
export function mendWal(file: string, pageSize: number): Buffer | undefined {
  if (!existsSync(file)) return undefined;
  const log = readFileSync(file);
  const frames = Math.floor((log.length - HEADER) / (FRAME_HEADER + pageSize));
  if (frames < 1) return undefined;
  const found = shapeOf(log);
  const shape: Shape = found?.pageSize === pageSize ? found : { pageSize, bigEndian: false };
  const salt = usualSalt(log, shape, frames);
  let last = 0;
  for (let frame = 0; frame < frames; frame++) {
    if (salt.equals(saltOf(log, shape, frame)) && frameInt(log, shape, frame, 4) !== 0) last = frame + 1;
  }
  log.writeUInt32BE(MAGIC + (shape.bigEndian ? 1 : 0), 0);
  log.writeUInt32BE(3_007_000, 4);
  log.writeUInt32BE(pageSize, 8);
  salt.copy(log, 16);
  let sum = checksum(log.subarray(0, 24), [0, 0], shape.bigEndian);
  writeSum(log, 24, sum);
  for (let frame = 0; frame < last; frame++) {
    const at = offset(shape, frame);
    salt.copy(log, at + 8);
    sum = frameSum(log, shape, frame, sum);
    writeSum(log, at + 16, sum);
  }
  return log.subarray(0, offset(shape, last));
}

interface Shape {
  pageSize: number;
  /** Whether checksums read the bytes as big-endian words. */
  bigEndian: boolean;
}

type Sum = [number, number];

function shapeOf(log: Buffer): Shape | undefined {
  const magic = log.readUInt32BE(0);
  const pageSize = log.readUInt32BE(8);
  const isPower = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  return (magic & ~1) === MAGIC && isPower ? { pageSize, bigEndian: (magic & 1) === 1 } : undefined;
}

function headerIsSound(log: Buffer, shape: Shape): boolean {
  return sameSum(log, 24, checksum(log.subarray(0, 24), [0, 0], shape.bigEndian));
}

function checkFrames(log: Buffer, shape: Shape): { sound: number; frames: number } {
  const frames = Math.floor((log.length - HEADER) / (FRAME_HEADER + shape.pageSize));
  let sum: Sum = [log.readUInt32BE(24), log.readUInt32BE(28)];
  for (let frame = 0; frame < frames; frame++) {
    sum = frameSum(log, shape, frame, sum);
    if (!saltOf(log, shape, frame).equals(log.subarray(16, 24)) || !sameSum(log, offset(shape, frame) + 16, sum)) {
      return { sound: frame, frames };
    }
  }
  return { sound: frames, frames };
}

/** Whether a frame belongs to this log (an older one's frames stay in the file) and ends a transaction. */
function isCommit(log: Buffer, shape: Shape, frame: number): boolean {
  return saltOf(log, shape, frame).equals(log.subarray(16, 24)) && frameInt(log, shape, frame, 4) !== 0;
}

/** The salt of the first frames: the header's, unless one of the two is damaged; then what two frames agree on. */
function usualSalt(log: Buffer, shape: Shape, frames: number): Buffer {
  const header = Buffer.from(log.subarray(16, 24));
  const first = Buffer.from(saltOf(log, shape, 0));
  const second = frames > 1 ? saltOf(log, shape, 1) : header;
  return first.equals(header) || first.equals(second) ? first : header;
}

function frameSum(log: Buffer, shape: Shape, frame: number, before: Sum): Sum {
  const at = offset(shape, frame);
  const head = checksum(log.subarray(at, at + 8), before, shape.bigEndian);
  return checksum(log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + shape.pageSize), head, shape.bigEndian);
}

function checksum(bytes: Buffer, before: Sum, bigEndian: boolean): Sum {
  let [a, b] = before;
  for (let i = 0; i < bytes.length; i += 8) {
    const first = bigEndian ? bytes.readUInt32BE(i) : bytes.readUInt32LE(i);
    const second = bigEndian ? bytes.readUInt32BE(i + 4) : bytes.readUInt32LE(i + 4);
    a = (a + first + b) >>> 0;
    b = (b + second + a) >>> 0;
  }
  return [a, b];
}

function offset(shape: Shape, frame: number): number {
  return HEADER + frame * (FRAME_HEADER + shape.pageSize);
}

function frameInt(log: Buffer, shape: Shape, frame: number, at: number): number {
  return log.readUInt32BE(offset(shape, frame) + at);
}

function saltOf(log: Buffer, shape: Shape, frame: number): Buffer {
  const at = offset(shape, frame) + 8;
  return log.subarray(at, at + 8);
}

function sameSum(log: Buffer, at: number, [a, b]: Sum): boolean {
  return log.readUInt32BE(at) === a && log.readUInt32BE(at + 4) === b;
}

function writeSum(log: Buffer, at: number, [a, b]: Sum): void {
  log.writeUInt32BE(a, at);
  log.writeUInt32BE(b, at + 4);
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
