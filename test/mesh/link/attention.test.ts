import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watchedBy } from '../../../mesh/link/attention.ts';

const ids = fc.uniqueArray(
  fc.nat().map((number) => number.toString(36).padStart(7, '0')),
  { minLength: 6, maxLength: 40 },
);

describe('The neighbours that a node watches', () => {
  it('are all of up to four', () => {
    expect([...watchedBy('m', ['a', 'z', 'n', 'b'])].sort()).toEqual(['a', 'b', 'n', 'z']);
    expect([...watchedBy('m', ['a'])]).toEqual(['a']);
    expect([...watchedBy('m', [])]).toEqual([]);
  });

  it('are the two before and the two after it on the ring of ids', () => {
    expect([...watchedBy('m', ['a', 'b', 'k', 'l', 'n', 'o', 'z'])].sort()).toEqual(['k', 'l', 'n', 'o']);
    expect([...watchedBy('a', ['b', 'c', 'k', 'l', 'y', 'z'])].sort()).toEqual(['b', 'c', 'y', 'z']);
    expect([...watchedBy('z', ['b', 'c', 'k', 'l', 'x', 'y'])].sort()).toEqual(['b', 'c', 'x', 'y']);
  });

  it('watch it too where everybody is everybody’s neighbour: each node is watched by four', () => {
    fc.assert(
      fc.property(ids, (nodes) => {
        const watched = new Map(
          nodes.map((id) => [
            id,
            watchedBy(
              id,
              nodes.filter((other) => other !== id),
            ),
          ]),
        );
        for (const [id, peers] of watched) {
          expect(peers.size).toBe(Math.min(4, nodes.length - 1));
          for (const peer of peers) expect(watched.get(peer)?.has(id)).toBe(true);
        }
      }),
    );
  });
});
