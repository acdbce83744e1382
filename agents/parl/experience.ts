// Decisions as they are kept and sent: what was seen, chosen and earned, packed. Numbers that were seen are of 16 bits (they
// are ratios and logarithms), which halves what the flash has to take.

import { ParlmeshError } from '../../core/errors.ts';
import { MOST_EXPERIENCE_BYTES } from './experience-storage.ts';
import { PAIR_WIDTH, STATE_WIDTH } from './observation.ts';
import type { RecordedDecision } from './policy-scheduler.ts';

/** A decision and what followed until the next one. */
export interface Experience extends RecordedDecision {
  reward: number;
  /** Seconds until the next decision. */
  elapsed: number;
}

const FORMAT = 1;
/** Format, widths of the two rows, decisions. */
const HEADER_BYTES = 8;
/** Choices, action, log-probability, value, reward, seconds. */
const DECISION_BYTES = 2 + 2 + 4 * 4;
const MOST_CHOICES = 4096;

/** Bytes of one decision. */
export function packedBytes({ rows, state }: Pick<Experience, 'rows' | 'state'>): number {
  return DECISION_BYTES + 2 * (rows.length + state.length);
}

export function packExperience(decisions: readonly Experience[]): Uint8Array {
  const bytes = new Uint8Array(decisions.reduce((sum, each) => sum + packedBytes(each), HEADER_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, FORMAT);
  view.setUint16(2, PAIR_WIDTH);
  view.setUint16(4, STATE_WIDTH);
  view.setUint16(6, decisions.length);
  let at = HEADER_BYTES;
  const write = (values: Float32Array): void => {
    for (const value of values) {
      view.setFloat16(at, value);
      at += 2;
    }
  };
  for (const { rows, state, action, logProbability, value, reward, elapsed } of decisions) {
    view.setUint16(at, rows.length / PAIR_WIDTH);
    view.setUint16(at + 2, action);
    for (const [index, number] of [logProbability, value, reward, elapsed].entries()) {
      view.setFloat32(at + 4 + 4 * index, number);
    }
    at += DECISION_BYTES;
    write(state);
    write(rows);
  }
  return bytes;
}

/** Throws `EXPERIENCE_INVALID`: whatever the bytes are, what is returned is whole, finite and of this version's shape. */
export function unpackExperience(bytes: Uint8Array): Experience[] {
  if (bytes.length < HEADER_BYTES || bytes.length > MOST_EXPERIENCE_BYTES) throw invalid(`${bytes.length} bytes long`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [format, pair, state, count] = [0, 2, 4, 6].map((offset) => view.getUint16(offset));
  if (format !== FORMAT) throw invalid(`of format ${format}`);
  if (pair !== PAIR_WIDTH || state !== STATE_WIDTH) throw invalid(`made of rows of ${pair} and ${state} numbers`);
  const decisions: Experience[] = [];
  let at = HEADER_BYTES;
  const read = (length: number): Float32Array => {
    const values = new Float32Array(length);
    for (let index = 0; index < length; index++, at += 2) values[index] = finite(view.getFloat16(at));
    return values;
  };
  for (let decision = 0; decision < count!; decision++) {
    if (at + DECISION_BYTES > bytes.length) throw invalid('cut short');
    const [choices, action] = [view.getUint16(at), view.getUint16(at + 2)];
    if (choices === 0 || choices > MOST_CHOICES || action >= choices) throw invalid(`choice ${action} of ${choices}`);
    const [logProbability, value, reward, elapsed] = [4, 8, 12, 16].map((offset) =>
      finite(view.getFloat32(at + offset)),
    );
    if (logProbability! > 0 || elapsed! < 0) throw invalid('a probability above 1, or time that runs back');
    at += DECISION_BYTES;
    if (at + 2 * (STATE_WIDTH + choices * PAIR_WIDTH) > bytes.length) throw invalid('cut short');
    const seen = { state: read(STATE_WIDTH), rows: read(choices * PAIR_WIDTH) };
    decisions.push({
      ...seen,
      action,
      logProbability: logProbability!,
      value: value!,
      reward: reward!,
      elapsed: elapsed!,
    });
  }
  if (at !== bytes.length) throw invalid('longer than what it says');
  return decisions;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw invalid(`one of its numbers is ${value}`);
  return value;
}

const invalid = (what: string): ParlmeshError =>
  new ParlmeshError('EXPERIENCE_INVALID', `This is no experience that can be learned from: it is ${what}`);
