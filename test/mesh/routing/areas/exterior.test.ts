// Which border to leave the area by, and which offers not to believe.

import { expect, test } from 'vitest';
import { BriefNames } from '../../../../mesh/routing/areas/brief-names.ts';
import { Exterior, type Inside } from '../../../../mesh/routing/areas/exterior.ts';
import { type Claims, OFFER_PARTS, partOf } from '../../../../mesh/routing/areas/offer.ts';

const names = new BriefNames(1000);
const own = new Set(['me', 'mine'].map((id) => names.of(id)));
const distances = new Map([
  ['near', 10],
  ['far', 100],
]);
const inside: Inside = {
  distanceTo: (gateway) => distances.get(gateway),
  holds: (name) => own.has(name),
  reaches: (name) => own.has(name) || name === names.of('near') || name === names.of('far'),
};

function offer(exterior: Exterior, gateway: string, reached: Record<string, [cost: number, ...via: string[]]>): void {
  const parts: Claims[] = Array.from({ length: OFFER_PARTS }, () => new Map());
  for (const [id, [cost, ...via]] of Object.entries(reached)) {
    const name = names.of(id);
    parts[partOf(name)]!.set(name, { cost, via: via.map((border) => names.of(border)) });
  }
  for (const [part, claims] of parts.entries()) exterior.offer(gateway, part, claims);
}

const exitTo = (exterior: Exterior, id: string): [string, number] | undefined => {
  const exit = exterior.best.get(names.of(id));
  return exit && [exit.gateway, exit.cost];
};

test('the cheapest way through a reachable border is taken, the others are known', () => {
  const exterior = new Exterior();
  offer(exterior, 'near', { there: [200], same: [95] });
  offer(exterior, 'far', { there: [50], same: [5] });
  offer(exterior, 'nowhere', { there: [1], hidden: [1] });
  exterior.settle(inside);
  expect(exitTo(exterior, 'there')).toEqual(['far', 150]);
  expect(exitTo(exterior, 'same')).toEqual(['far', 105]);
  expect(exitTo(exterior, 'hidden')).toBeUndefined();
  expect(exterior.exits(names.of('there')).map(({ gateway }) => gateway)).toEqual(['far', 'near']);
});

test('an offer that came through this part of the area is refused, one through a lost part is not', () => {
  const exterior = new Exterior();
  offer(exterior, 'near', { circle: [1, 'other', 'mine'], around: [1, 'other', 'cut off'] });
  exterior.settle(inside);
  expect(exitTo(exterior, 'circle')).toBeUndefined();
  expect(exterior.exits(names.of('circle'))).toEqual([]);
  expect(exitTo(exterior, 'around')).toEqual(['near', 11]);
});

test('nobody outside can offer a node that is reached inside', () => {
  const exterior = new Exterior();
  offer(exterior, 'near', { mine: [1], far: [1], me: [1] });
  exterior.settle(inside);
  expect(exterior.best.size).toBe(0);
  expect(exterior.exits(names.of('mine'))).toEqual([]);
});

test('a border is forgotten with all it offered, and tells of moved exits', () => {
  const exterior = new Exterior();
  offer(exterior, 'near', { there: [1] });
  offer(exterior, 'far', { there: [1] });
  expect(exterior.settle(inside)).toBe(false);
  exterior.forget('near');
  expect(exterior.settle(inside)).toBe(true);
  expect(exitTo(exterior, 'there')).toEqual(['far', 101]);
  expect(exterior.settle(inside)).toBe(false);
});

test('offers are kept of 256 borders, those beside the area first, and of a part only what belongs into it', () => {
  const exterior = new Exterior();
  const there = names.of('there');
  const elsewhere = (partOf(there) + 1) % OFFER_PARTS;
  exterior.offer('near', elsewhere, new Map([[there, { cost: 1, via: [] }]]));
  exterior.settle(inside);
  expect(exterior.best.size).toBe(0);
  for (let liar = 1; liar < 400; liar++) exterior.offer(`liar ${liar}`, 0, new Map());
  expect(exterior.offer('far', partOf(there), new Map([[there, { cost: 1, via: [] }]]))).toBe(true);
  exterior.settle({ ...inside, distanceTo: (gateway) => distances.get(gateway) ?? 1000 });
  expect(exitTo(exterior, 'there')).toEqual(['far', 101]);
  expect(exterior.offer('one more', 0, new Map())).toBe(false);
  expect(exterior.offer('far', 0, new Map())).toBe(true);
});
