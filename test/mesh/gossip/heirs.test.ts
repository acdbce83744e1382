// Informed flooding: everybody hears it, and nearly nobody twice.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heirs, type Surroundings } from '../../../mesh/gossip/heirs.ts';

type Links = Map<string, Set<string>>;

const tells = (links: Links): Surroundings['linksOf'] => {
  return (node) => [...(links.get(node) ?? [])].map((to) => ({ to, cost: 1, roundTrip: 0 }));
};

function around(links: Links, node: string, said: Links = links): Surroundings {
  return { neighbours: [...links.get(node)!], areaOf: () => 'main', linksOf: tells(said) };
}

/** Copies that each node gets when `origin` says something; messages are carried in the order that `pick` gives. */
function flood(links: Links, origin: string, pick: (waiting: number) => number): Map<string, number> {
  const copies = new Map<string, number>();
  const waiting: { from: string; to: string }[] = [];
  const send = (from: string, heard: string | undefined): void => {
    for (const to of heirs(around(links, from), undefined, heard)) waiting.push({ from, to });
  };
  send(origin, undefined);
  while (waiting.length > 0) {
    const [{ from, to } = { from: '', to: '' }] = waiting.splice(pick(waiting.length), 1);
    const before = copies.get(to) ?? 0;
    copies.set(to, before + 1);
    if (before === 0 && to !== origin) send(to, from);
  }
  return copies;
}

function network(count: number, pairs: readonly (readonly [number, number])[]): Links {
  const links: Links = new Map(Array.from({ length: count }, (_, node) => [String(node), new Set()]));
  for (const [a, b] of pairs) {
    if (a === b) continue;
    links.get(String(a))!.add(String(b));
    links.get(String(b))!.add(String(a));
  }
  return links;
}

describe('whom a frame goes to', () => {
  it('reaches every node of any network, whatever arrives first', () => {
    const cases = fc.integer({ min: 2, max: 14 }).chain((count) => {
      const node = fc.integer({ min: 0, max: count - 1 });
      const tree = fc.tuple(
        ...Array.from({ length: count - 1 }, (_, at) =>
          fc.integer({ min: 0, max: at }).map((to): [number, number] => [at + 1, to]),
        ),
      );
      const more = fc.array(fc.tuple(node, node), { maxLength: 40 });
      return fc.tuple(fc.constant(count), tree, more, fc.infiniteStream(fc.nat({ max: 1000 })));
    });
    fc.assert(
      fc.property(cases, ([count, tree, more, order]) => {
        const copies = flood(network(count, [...tree, ...more]), '0', (waiting) => order.next().value % waiting);
        for (let node = 1; node < count; node++) expect(copies.get(String(node)) ?? 0).toBeGreaterThan(0);
      }),
    );
  });

  it('sends each node one copy where all are linked to all', () => {
    const all = Array.from({ length: 25 }, (_, a) => Array.from({ length: 25 }, (_, b) => [a, b] as const)).flat();
    const copies = flood(network(25, all), '0', () => 0);
    expect([...copies.values()]).toEqual(Array.from({ length: 24 }, () => 1));
  });

  it('does not believe one node alone that it reaches another', () => {
    const links = network(4, [
      [0, 1],
      [1, 2],
    ]);
    const said = new Map(links).set('0', new Set(['1', '2', '3']));
    expect(heirs(around(links, '1', said), undefined, '0')).toEqual(['2']);
  });

  it('keeps what concerns one area inside of it', () => {
    const links = network(4, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    const surroundings = { ...around(links, '0'), areaOf: (node: string) => (node === '2' ? 'east' : 'main') };
    expect(heirs(surroundings, 'main', '1')).toEqual(['3']);
    expect(heirs(surroundings, 'east', undefined)).toEqual(['2']);
  });
});
