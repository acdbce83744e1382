// What detectors remember, as numbers in a row: written in one order, read back in the same one. Bounded and checked.

import { ParlmeshError } from '../../core/errors.ts';

/** Numbers that the state of one series may have; a detector needs about a third of it. */
export const MOST_NUMBERS = 8192;

export class StateWriter {
  readonly #numbers: number[] = [];

  put(...numbers: readonly number[]): void {
    for (const each of numbers) this.#numbers.push(each);
  }

  /** The first `length` of `array`, with their count before them. */
  putArray(array: Float32Array, length = array.length): void {
    this.put(length);
    for (let at = 0; at < length; at++) this.#numbers.push(array[at]!);
  }

  /** A time in milliseconds, which one float32 could not hold. */
  putTime(ms: number): void {
    const seconds = Math.floor(ms / 1000);
    this.put(Math.floor(seconds / 86_400), seconds % 86_400, ms - 1000 * seconds);
  }

  /** A number of the full range and precision, as three float32. */
  putExact(number: number): void {
    const high = Math.fround(number);
    const middle = Math.fround(number - high);
    this.put(high, middle, number - high - middle);
  }

  /** Base64 of float32, little-endian. */
  text(): string {
    return Buffer.from(Float32Array.from(this.#numbers).buffer).toString('base64');
  }
}

export class StateReader {
  readonly #numbers: Float32Array;
  #at = 0;

  /** Throws `ANOMALY_STATE_INVALID` for what `StateWriter` did not write. */
  constructor(text: string) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length % 4 !== 0 || bytes.length > 4 * MOST_NUMBERS) throw invalid('its length is wrong');
    this.#numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  /** A finite number. */
  take(): number {
    const number = this.#numbers[this.#at++];
    if (number === undefined) throw invalid('it ends too early');
    if (!Number.isFinite(number)) throw invalid('it has what is no number');
    return number;
  }

  /** A whole number from 0 to `most`. */
  takeCount(most: number): number {
    const count = this.take();
    if (!Number.isInteger(count) || count < 0 || count > most) throw invalid(`${count} is no count up to ${most}`);
    return count;
  }

  /** Fills `array` from the front and returns how many numbers there were. */
  takeArray(array: Float32Array): number {
    const length = this.takeCount(array.length);
    for (let at = 0; at < length; at++) array[at] = this.take();
    return length;
  }

  takeTime(): number {
    return (this.take() * 86_400 + this.take()) * 1000 + this.take();
  }

  takeExact(): number {
    return this.take() + this.take() + this.take();
  }

  /** Throws unless the next number is the version of the format. */
  expect(version: number): void {
    const found = this.take();
    if (found !== version) throw invalid(`its format is ${found}, not ${version}`);
  }

  get atEnd(): boolean {
    return this.#at === this.#numbers.length;
  }

  /** Throws when something is left. */
  end(): void {
    if (!this.atEnd) throw invalid('it is too long');
  }
}

const invalid = (why: string): ParlmeshError =>
  new ParlmeshError('ANOMALY_STATE_INVALID', `A remembered baseline cannot be read: ${why}`, {
    hint: 'The series learns anew; nothing needs to be done',
  });
