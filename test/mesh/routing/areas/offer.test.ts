// What borders say, as it goes over the wire: whole there and back, bounded, and no harm from whatever else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../../../mesh/gossip/frame-reader.ts';
import { BriefNames } from '../../../../mesh/routing/areas/brief-names.ts';
import { type Claims, fromPayload, MOST_CLAIMS, MOST_VIA, toPayload } from '../../../../mesh/routing/areas/offer.ts';
import { StandingOffer } from '../../../../mesh/routing/areas/standing-offer.ts';
import { GatewayPayload, OfferPayload } from '../../../../mesh/routing/areas/topics.ts';
import { MAX_FRAME_BYTES } from '../../../../mesh/transport/transport.ts';

const names = new BriefNames(50_000);
const name = fc.nat({ max: 500 }).map((node) => names.of(`node ${node}`));
const claim = fc.record({ cost: fc.integer({ min: 1, max: 2 ** 24 - 1 }), via: fc.array(name, { maxLength: 15 }) });
const reader = new FrameReader();

test('an offer reads as it was written', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, claim)), (entries) => {
      const claims: Claims = new Map(entries);
      const payload: unknown = JSON.parse(JSON.stringify(toPayload(claims)));
      if (!reader.accepts(OfferPayload, payload)) throw new Error('it does not pass its own schema');
      const sorted = (all: Claims) => [...all].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(fromPayload(payload))).toEqual(sorted(claims));
    }),
  );
});

test('the fullest part fits into a frame', () => {
  const claims: Claims = new Map();
  const via = Array.from({ length: MOST_VIA }, (_, at) => names.of(`border ${at}`));
  for (let node = 0; node < 2 * MOST_CLAIMS; node++) claims.set(names.of(`node ${node}`), { cost: 1e9, via });
  const payload = toPayload(claims);
  expect(fromPayload(payload).size).toBe(MOST_CLAIMS);
  expect(JSON.stringify(payload).length).toBeLessThan(MAX_FRAME_BYTES / 2);
});

test('whatever comes is refused by its schema or read within bounds', () => {
  const group = fc.record({
    via: fc.array(fc.oneof(name, fc.string(), fc.constant('A'.repeat(11))), { maxLength: 20 }),
    nodes: fc.oneof(fc.string(), fc.stringMatching(/^([A-Za-z0-9_-]{15}){0,40}$/)),
  });
  const payload = fc.oneof(fc.jsonValue(), fc.record({ groups: fc.array(group) }));
  fc.assert(
    fc.property(payload, (value: unknown) => {
      if (!reader.accepts(OfferPayload, value)) return;
      const claims = fromPayload(value);
      expect(claims.size).toBeLessThanOrEqual(MOST_CLAIMS);
      for (const { cost, via } of claims.values()) {
        expect(Number.isSafeInteger(cost) && cost >= 1).toBe(true);
        expect(via.length).toBeLessThanOrEqual(15);
      }
    }),
    { numRuns: 1000 },
  );
  expect(reader.accepts(GatewayPayload, { area: '../other', links: [] })).toBe(false);
  expect(reader.accepts(OfferPayload, { groups: [{ via: [], nodes: 'A'.repeat(15 * 4097) }] })).toBe(false);
});

test('a part is said again for who comes, goes, or is reached by another way, not for a little cost', () => {
  const offer = new StandingOffer();
  const [a, b] = [names.of('a'), names.of('b')];
  const via = [names.of('border')];
  expect([...offer.update([[a, { cost: 100, via: [] }]]).values()].map(({ size }) => size)).toEqual([1]);
  expect(offer.update([[a, { cost: 110, via: [] }]]).size).toBe(0);
  expect(offer.update([[a, { cost: 126, via: [] }]]).size).toBe(1);
  expect(offer.update([[a, { cost: 126, via }]]).size).toBe(1);
  expect(offer.update([[a, { cost: 126, via: [...via] }]]).size).toBe(0);
  expect(offer.update([[b, { cost: 1, via: [] }]]).size).toBeGreaterThan(0);
  const long = Array.from({ length: MOST_VIA + 1 }, (_, at) => names.of(`far ${at}`));
  const far = offer.update([[b, { cost: 1, via: long }]]);
  expect([...far.values()].map(({ size }) => size)).toEqual([0]);
});
