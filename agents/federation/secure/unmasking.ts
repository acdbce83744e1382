// From the sum of masked updates to the sum: secrets are put together from their shares, checked against what their owners
// published, and their masks taken off. Pure.

import { GRID, valuesOf } from '../privacy/clip-and-noise.ts';
import { digestOf } from './federation-keys.ts';
import type { GroupState, GroupSum } from './group-state.ts';
import { agree, MASK_USE, pairOf } from './key-agreement.ts';
import { applyMask } from './masks.ts';
import { FULL_WEIGHT } from './messages.ts';
import { Interpolation, SECRET_BYTES, type Share } from './shamir.ts';

/** Choices of shares that are tried before a secret is given up for lost. */
const MOST_TRIES = 256;

/** A sentence instead of the sum, when a secret cannot be put together. */
export function unmaskSum(state: Extract<GroupState, { kind: 'unmasking' }>): GroupSum | string {
  const { plan, group, members, survivors, shared, threshold } = state;
  const sharers = [...shared.keys()].sort((a, b) => a - b);
  const words = state.sum.slice();
  const wrong = new Set<number>();
  const interpolations = new Map<string, Interpolation>();
  for (const [at, member] of sharers.entries()) {
    const { node, masking } = members[member]!;
    const survived = survivors.includes(member);
    const shares: Share[] = [...state.given].map(([giver, data]) => ({
      at: giver + 1,
      value: data.subarray(at * SECRET_BYTES, (at + 1) * SECRET_BYTES),
    }));
    const isRight = survived
      ? (secret: Uint8Array) => digestOf(secret) === shared.get(member)!.seal
      : (secret: Uint8Array) => Buffer.compare(pairOf(secret).publicKey, masking) === 0;
    const secret = recover(shares, threshold, isRight, wrong, interpolations);
    if (secret === undefined) return `the shares of ${node}'s ${survived ? 'mask' : 'key'} do not fit together`;
    if (survived) {
      applyMask(words, secret, -1);
      continue;
    }
    const pair = pairOf(secret);
    for (const other of survivors) {
      const key = agree(pair, members[other]!.masking, group, MASK_USE);
      if (key === undefined) return `the key of ${members[other]!.node} is none`;
      // The survivor added it when it stood before the one that vanished.
      applyMask(words, key, other < member ? -1 : 1);
    }
  }
  const weight = survivors.reduce((sum, member) => sum + members[member]!.weight, 0) / FULL_WEIGHT;
  const nodeOf = (member: number): string => members[member]!.node;
  return {
    mean: valuesOf({ steps: new Int32Array(words.buffer), step: plan.clip / GRID / weight }),
    weight,
    survivors: survivors.map(nodeOf),
    dropped: [...members.keys()].filter((member) => !survivors.includes(member)).map(nodeOf),
    wrongShares: [...wrong].sort((a, b) => a - b).map(nodeOf),
  };
}

/** Tries windows of shares until one gives the secret; the others' shares are then known to be right or wrong. */
function recover(
  shares: readonly Share[],
  threshold: number,
  isRight: (secret: Uint8Array) => boolean,
  wrong: Set<number>,
  interpolations: Map<string, Interpolation>,
): Uint8Array | undefined {
  // Known liars last: they are not asked again.
  const order = [...shares].sort((a, b) => Number(wrong.has(a.at - 1)) - Number(wrong.has(b.at - 1)) || a.at - b.at);
  for (const chosen of choices(order, threshold)) {
    const places = chosen.map(({ at }) => at);
    const through = interpolations.get(`${places}`) ?? new Interpolation(places);
    interpolations.set(`${places}`, through);
    const secret = tryCombine(through, chosen);
    if (secret === undefined || !isRight(secret)) continue;
    for (const share of order) {
      if (chosen.includes(share)) continue;
      if (Buffer.compare(through.valueAt(share.at, chosen), share.value) !== 0) wrong.add(share.at - 1);
    }
    return secret;
  }
  return undefined;
}

/** The first `threshold`, then others: in windows that leave out few, by strides that leave out many. */
function* choices(shares: readonly Share[], threshold: number): Generator<Share[]> {
  const count = shares.length;
  let tried = 0;
  for (let stride = 1; stride < count && tried < MOST_TRIES; stride++) {
    if (!isCoprime(stride, count)) continue;
    for (let from = 0; from < count && tried < MOST_TRIES; from++, tried++) {
      yield Array.from({ length: threshold }, (_, at) => shares[(from + at * stride) % count]!);
      if (count === threshold) return;
    }
  }
}

function isCoprime(a: number, b: number): boolean {
  return b === 0 ? a === 1 : isCoprime(b, a % b);
}

/** Undefined for shares that are no numbers of the field. */
function tryCombine(through: Interpolation, shares: readonly Share[]): Uint8Array | undefined {
  try {
    return through.valueAt(0, shares);
  } catch {
    return undefined;
  }
}
