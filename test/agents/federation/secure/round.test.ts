import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normOf } from '../../../../agents/federation/aggregation/update-set.ts';
import { protectUpdate } from '../../../../agents/federation/privacy/clip-and-noise.ts';
import { thresholdOf } from '../../../../agents/federation/secure/messages.ts';
import { groupNoise, partsOf } from '../../../../agents/federation/secure/noise-share.ts';
import { playRound, type SecureNetwork, STEPS, secureNetwork, seededSecrets, type VanishesAt } from './nodes.ts';

const SIZE = 7;

/** Whole multiples of the grid's step (2^-20), so that sums are exact. */
const inputOf = (node: number): Int32Array =>
  Int32Array.from({ length: SIZE }, (_, at) => (node + 1) * 1000 * (at - 3));

const idsOf = (network: SecureNetwork): string[] => [...network.nodes.keys()];

/** What the mean of these nodes must be. */
function meanOf(network: SecureNetwork, nodes: readonly string[]): number[] {
  const weight = nodes.reduce((sum, node) => sum + network.nodes.get(node)!.weight / 1000, 0);
  return Array.from({ length: SIZE }, (_, at) => {
    const sum = nodes.reduce((total, node) => total + network.nodes.get(node)!.input[at]!, 0);
    return sum / 2 ** 20 / weight;
  });
}

describe('a secure group', () => {
  test('gives the sum of all and nothing else when nobody vanishes', () => {
    const network = secureNetwork({ nodes: 5, size: SIZE, input: inputOf });
    const { groups, clients } = playRound(network);
    expect(groups).toHaveLength(1);
    const group = groups[0]!;
    if (group.kind !== 'summed') throw new Error(JSON.stringify(group));
    // (1 + 2 + 3 + 4 + 5) * 1000 * -3 / 5 / 2^20
    expect(group.result.mean[0]).toBeCloseTo(-9000 / 2 ** 20, 9);
    expect([...group.result.mean]).toEqual(meanOf(network, idsOf(network)).map(Math.fround));
    expect(group.result).toMatchObject({ weight: 5, dropped: [], wrongShares: [] });
    expect([...clients.values()].map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'done', 'done']);
  });

  test('weighs members as they said', () => {
    const weights = [1000, 500, 250, 125, 125];
    const network = secureNetwork({ nodes: 5, size: SIZE, input: inputOf, weight: (node) => weights[node]! });
    const group = playRound(network).groups[0]!;
    if (group.kind !== 'summed') throw new Error(group.kind);
    expect(group.result.weight).toBe(2);
    expect(group.result.mean[6]).toBeCloseTo((15 * 1000 * 3) / 2 ** 20 / 2, 9);
  });

  // Of 8, 6 must stay. Who vanishes at `unmask` or `agreed` has sent its masked update: it is in the sum.
  test.each([
    ['keys', 6],
    ['shares', 6],
    ['masked', 6],
    ['agreed', 8],
    ['unmask', 8],
  ] as const)('recovers from two of eight that vanish before %s', (step, inSum) => {
    const network = secureNetwork({ nodes: 8, size: SIZE, input: inputOf });
    const [first, , , fourth] = idsOf(network);
    const group = playRound(network, new Map([first!, fourth!].map((node) => [node, step]))).groups[0]!;
    if (group.kind !== 'summed') throw new Error(JSON.stringify(group));
    expect(group.result.survivors).toHaveLength(inSum);
    expect([...group.result.mean]).toEqual(meanOf(network, group.result.survivors).map(Math.fround));
  });

  test.each([
    ['shares', 'too-few-shared'],
    ['masked', 'too-few-masked'],
    ['agreed', 'too-few-agreed'],
    ['unmask', 'too-few-unmasked'],
  ] as const)('refuses, and names why, when three of eight vanish before %s', (step, reason) => {
    const network = secureNetwork({ nodes: 8, size: SIZE, input: inputOf });
    const group = playRound(
      network,
      new Map(
        idsOf(network)
          .slice(0, 3)
          .map((node) => [node, step]),
      ),
    ).groups[0]!;
    expect(group).toMatchObject({ kind: 'failed', reason });
    expect(group.kind === 'failed' && group.sentence).toContain('5 of 8 nodes were left, and 6 are needed');
  });

  test('whoever vanishes when: the exact sum of the survivors, or a named refusal below the threshold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 10 }).chain((nodes) =>
          fc.record({
            nodes: fc.constant(nodes),
            vanish: fc.array(fc.option(fc.constantFrom(...STEPS), { freq: 3 }), { minLength: nodes, maxLength: nodes }),
          }),
        ),
        ({ nodes, vanish }) => {
          const network = secureNetwork({ nodes, size: SIZE, input: inputOf });
          const ids = idsOf(network);
          const leaves = new Map<string, VanishesAt>();
          for (const [at, step] of vanish.entries()) if (step !== null) leaves.set(ids[at]!, step);
          const stayed = (step: VanishesAt): number =>
            ids.filter((id) => !leaves.has(id) || STEPS.indexOf(leaves.get(id)!) > STEPS.indexOf(step)).length;
          const { groups, clients } = playRound(network, leaves);
          if (stayed('keys') < 3) {
            expect(groups).toEqual([]);
            return;
          }
          const needed = thresholdOf(stayed('keys'));
          const group = groups[0]!;
          if (stayed('unmask') >= needed) {
            if (group.kind !== 'summed') throw new Error(JSON.stringify(group));
            expect(group.result.survivors.toSorted()).toEqual(
              ids.filter((id) => !['keys', 'shares', 'masked'].includes(leaves.get(id) ?? '')).toSorted(),
            );
            expect([...group.result.mean]).toEqual(meanOf(network, group.result.survivors).map(Math.fround));
          } else {
            expect(group.kind).toBe('failed');
          }
          for (const client of clients.values()) expect(client.kind).not.toBe('stopped');
        },
      ),
      { numRuns: 15 },
    );
  });

  test('of many nodes, each is in one group of nearly the same size, and each group sums by itself', () => {
    const network = secureNetwork({ nodes: 23, size: SIZE, groupSize: 5, input: inputOf });
    const { groups } = playRound(network);
    expect(groups.map(({ members }) => members.length).toSorted()).toEqual([5, 6, 6, 6]);
    const all = groups.flatMap((group) => (group.kind === 'summed' ? group.result.survivors : []));
    expect(all.toSorted()).toEqual(idsOf(network).toSorted());
    for (const group of groups) {
      if (group.kind !== 'summed') throw new Error(group.kind);
      expect([...group.result.mean]).toEqual(meanOf(network, group.result.survivors).map(Math.fround));
    }
  });

  test('with noise of parts has all of it in the sum: eight parts of one clip where four make two clips', () => {
    const size = 4000;
    const noise = { noise: 2, parts: partsOf(8, 0.2) };
    const { added, counted } = groupNoise({ noise: 0, spread: 'group', colluders: 0.2 }, noise, 8);
    expect({ added, counted, parts: noise.parts }).toEqual({ added: 1, counted: 2, parts: 4 });
    const input = (node: number): Int32Array =>
      protectUpdate(new Float32Array(size), { clip: 1, noise: added }, seededSecrets(`noise ${node}`)).steps;
    const group = playRound(secureNetwork({ nodes: 8, size, input })).groups[0]!;
    if (group.kind !== 'summed') throw new Error(group.kind);
    const deviation = (normOf(group.result.mean) * group.result.weight) / Math.sqrt(size);
    // √8 clips; five standard errors of a deviation are 5 / √8000.
    expect(Math.abs(deviation / Math.sqrt(8) - 1)).toBeLessThan(0.056);
  });
});
