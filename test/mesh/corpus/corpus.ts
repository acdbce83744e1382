// What nodes really say to each other, one line a message: its kind and its bytes in hexadecimal. The seeds of fuzzing.
// `record.ts` wrote it down, and writes it anew when the protocol has grown.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../core/random.ts';

export const CORPORA = ['peer-messages', 'envelopes', 'certificates', 'renewals', 'probes', 'tokens'] as const;
export type CorpusName = (typeof CORPORA)[number];

export interface Sample {
  kind: string;
  bytes: Uint8Array;
}

const fileOf = (name: CorpusName): string => join(import.meta.dirname, `${name}.txt`);

export function readCorpus(name: CorpusName): Sample[] {
  const lines = readFileSync(fileOf(name), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [kind = '', hex = ''] = line.split(' ');
    return { kind, bytes: Buffer.from(hex, 'hex') };
  });
}

export function writeCorpus(name: CorpusName, samples: readonly Sample[]): void {
  const lines = samples.map(({ kind, bytes }) => `${kind} ${Buffer.from(bytes).toString('hex')}`);
  writeFileSync(fileOf(name), `${lines.sort().join('\n')}\n`);
}

/** Something that begins as a real message: bits turned, bytes cut, repeated, replaced or taken from another one. */
export function mutated(samples: readonly Sample[], random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(samples[random.below(samples.length)]!.bytes);
  for (let change = 0; change <= random.below(4); change++) {
    const at = random.below(bytes.length + 1);
    const changes = [
      () => flipped(bytes, at, 1 << random.below(8)),
      () => flipped(bytes, at, random.below(256)),
      () => bytes.subarray(0, at),
      () => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + random.below(9), 0xff), bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length + 1))]),
      () => {
        const other = samples[random.below(samples.length)]!.bytes;
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
      },
    ];
    bytes = changes[random.below(changes.length)]!();
  }
  return bytes;
}

function flipped(bytes: Buffer, at: number, bits: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = changed[at]! ^ bits;
  return changed;
}
