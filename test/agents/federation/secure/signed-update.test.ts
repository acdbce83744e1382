import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ExpectedUpdates,
  signUpdate,
  type UpdateStatement,
  verifyUpdate,
} from '../../../../agents/federation/secure/signed-update.ts';
import { KeyRing } from './nodes.ts';

const DAY = 24 * 3600_000;
const ring = new KeyRing();
const node = ring.newNode(1);
const stranger = ring.newNode(2);
const data = Uint8Array.from([1, 2, 3, 4]);

const facts: Omit<UpdateStatement, 'kind' | 'node' | 'bytes' | 'digest'> = {
  network: 'net',
  learner: 'parl-policy',
  format: 1,
  round: 17,
  term: 3,
  base: '0123456789abcdef',
  examples: 120,
  norm: 0.75,
  epsilonAfter: 2.1,
  madeAt: Date.UTC(2026, 0, 1),
};

const expected: ExpectedUpdates = {
  network: 'net',
  learner: 'parl-policy',
  format: 1,
  round: 17,
  term: 3,
  base: '0123456789abcdef',
  mostBytes: 100,
  mostNorm: 2,
  isMember: (id) => id === node.self,
  isInvited: () => true,
  digestOf: () => undefined,
};

function verdict(changes: Partial<typeof facts> = {}, other: Partial<ExpectedUpdates> = {}, sent = data) {
  const result = verifyUpdate(node, signUpdate(node, { ...facts, ...changes }, data), sent, { ...expected, ...other });
  return result.kind === 'refused' ? result.reason : result.kind;
}

test('an update as it was asked for counts, whatever the clock of its node says', () => {
  expect(verdict()).toBe('counts');
  for (const madeAt of [0, facts.madeAt - DAY, facts.madeAt + DAY, facts.madeAt + 1000 * DAY]) {
    expect(verdict({ madeAt })).toBe('counts');
  }
});

test.each<[string, Partial<typeof facts>, Partial<ExpectedUpdates>]>([
  ['wrong-network', { network: 'other' }, {}],
  ['wrong-learner', { learner: 'other' }, {}],
  ['wrong-format', { format: 2 }, {}],
  ['wrong-base', { base: 'f'.repeat(16) }, {}],
  ['stale-round', { round: 16 }, {}],
  ['future-round', { round: 18 }, {}],
  ['stale-term', { term: 2 }, {}],
  ['future-term', { term: 4 }, {}],
  ['too-long', { norm: 2.5 }, {}],
  ['too-large', {}, { mostBytes: 3 }],
  ['stranger', {}, { isMember: () => false }],
  ['not-invited', {}, { isInvited: () => false }],
  ['contradiction', {}, { digestOf: () => 'f'.repeat(64) }],
  ['malformed', { norm: Number.NaN }, {}],
])('is refused as %s', (reason, changes, other) => {
  expect(verdict(changes, other)).toBe(reason);
});

test('bytes that are not the signed ones, a signature that is another’s, a text that is none', () => {
  expect(verdict({}, {}, Uint8Array.from([1, 2, 3, 5]))).toBe('digest-mismatch');
  expect(verdict({}, {}, Uint8Array.from([1, 2, 3]))).toBe('digest-mismatch');
  const signed = signUpdate(node, facts, data);
  const forged = { ...signed, body: signed.body.replace('"examples":120', '"examples":999') };
  expect(verifyUpdate(node, forged, data, expected)).toMatchObject({ kind: 'refused', reason: 'bad-signature' });
  const others = { ...signUpdate(stranger, facts, data), body: signed.body };
  expect(verifyUpdate(node, others, data, expected)).toMatchObject({ reason: 'bad-signature' });
  expect(verifyUpdate(node, { body: 'x'.repeat(5000), signature: '' }, data, expected)).toMatchObject({
    reason: 'malformed',
  });
});

test('the same bytes again are acknowledged and counted once; late ones count within the staleness, by their own base', () => {
  const first = verifyUpdate(node, signUpdate(node, facts, data), data, expected);
  if (first.kind !== 'counts') throw new Error(first.kind);
  expect(verdict({}, { digestOf: () => first.statement.digest })).toBe('again');
  const staleness = { rounds: 2, bases: new Map([[16, 'a'.repeat(16)]]) };
  const late = (changes: Partial<typeof facts>) => verdict(changes, { staleness });
  expect(late({ round: 16, term: 2, base: 'a'.repeat(16) })).toBe('counts');
  expect(late({ round: 16, term: 2 })).toBe('wrong-base');
  expect(late({ round: 14 })).toBe('stale-round');
});

test('nothing that arrives makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uint8Array({ maxLength: 50 }), (body, signature, bytes) => {
      expect(verifyUpdate(node, { body, signature }, bytes, expected).kind).toBe('refused');
    }),
  );
  fc.assert(
    fc.property(fc.json(), (body) => {
      expect(verifyUpdate(node, { body, signature: 'A'.repeat(88) }, data, expected).kind).toBe('refused');
    }),
  );
});
