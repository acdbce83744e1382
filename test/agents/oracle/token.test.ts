import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allows, type Capability, EVERYTHING, isAttenuationOf } from '../../../agents/capabilities.ts';
import { digestOf, makeSigned } from '../../../agents/oracle/keys.ts';
import { checkToken, handOn, issueToken, MOST_BLOCKS, type TokenChain } from '../../../agents/oracle/token.ts';
import { keyOf, keysOf } from './exchange.ts';

const authority = keyOf('authority');
const root = keysOf(keyOf('root'), authority, true);
const holder = keysOf(keyOf('holder'), authority, false);
const third = keysOf(keyOf('third'), authority, false);
const NOW = 1_000_000;
const HOUR = 3_600_000;
const never = (): boolean => false;
const wide: Capability = { action: 'policy.*', scope: 'network', mostNodes: 5, largestShare: 0.25, approvals: 1 };
let count = 0;
const grant = (node: string, capabilities = [wide], expiresAt = NOW + HOUR) => ({
  id: (++count).toString(16).padStart(32, '0'),
  holder: { node },
  capabilities,
  expiresAt,
});
const faultOf = (chain: TokenChain, now = NOW) => {
  const checked = checkToken(third, chain, now, never);
  return checked.ok ? undefined : checked.fault;
};

describe('A capability token', () => {
  const given = issueToken(root, grant(holder.self), 'authority');

  it('is checked offline by any node: whose it is, what it gives, until when', () => {
    const checked = checkToken(third, given, NOW, never);
    expect(checked).toMatchObject({
      ok: true,
      token: { holder: { node: holder.self }, capabilities: [wide], root: authority.nodeId },
    });
    expect(faultOf(given, NOW + HOUR)).toBe('expired');
  });

  it('is handed on with less, by its holder alone', () => {
    const less = { ...wide, action: 'policy.promote', mostNodes: 2 };
    const narrower = handOn(holder, given, grant(third.self, [less]));
    expect(checkToken(root, narrower, NOW, never)).toMatchObject({ ok: true, token: { capabilities: [less] } });
    expect(() => handOn(holder, given, grant(third.self, [{ ...wide, mostNodes: 6 }]))).toThrow('same rights or less');
    expect(() => handOn(holder, given, grant(third.self, [wide], NOW + 2 * HOUR))).toThrow('same rights or less');
    expect(() => handOn(third, given, grant(third.self))).toThrow('does not hold');
  });

  it('given by a node counts for that node and no other', () => {
    const home = { ...wide, scope: 'node' as const, mostNodes: 1 };
    expect(checkToken(root, issueToken(third, grant(holder.self, [home]), 'self'), NOW, never)).toMatchObject({
      ok: true,
      token: { root: third.self },
    });
    expect(faultOf(issueToken(third, grant(holder.self), 'self'))).toBe('not-root');
    expect(() => issueToken(holder, grant(third.self), 'authority')).toThrow('holds the authority');
  });

  it('that an agent holds stays on its node', () => {
    const forAgent = handOn(holder, given, { ...grant(holder.self), holder: { node: holder.self, agent: 'x' } });
    expect(faultOf(forAgent)).toBeUndefined();
    expect(faultOf(handOn(holder, forAgent, grant(third.self)))).toBe('not-handed-on');
  });

  it('ends when one of its blocks is revoked by who signed it or one before', () => {
    const narrower = handOn(holder, given, grant(third.self));
    const checked = checkToken(root, narrower, NOW, never);
    if (!checked.ok) throw new Error('not good');
    const [first, second] = checked.token.blocks;
    const revokedBy = (id: string, by: string) =>
      checkToken(root, narrower, NOW, (each, issuers) => each === id && issuers.includes(by)).ok;
    expect(revokedBy(first!.id, authority.nodeId)).toBe(false);
    expect(revokedBy(second!.id, holder.self)).toBe(false);
    expect(revokedBy(second!.id, authority.nodeId)).toBe(false);
    expect(revokedBy(first!.id, holder.self)).toBe(true);
  });

  it('is bounded in depth, and what cannot be granted is not', () => {
    let chain = given;
    for (let depth = 1; depth < MOST_BLOCKS; depth++) chain = handOn(holder, chain, grant(holder.self));
    expect(() => handOn(holder, chain, grant(holder.self))).toThrow('at most');
    expect(faultOf([...chain, chain.at(-1)!])).toBe('malformed');
    expect(() => issueToken(root, grant(holder.self, [{ ...wide, action: 'No Action' }]), 'authority')).toThrow(
      'cannot be granted',
    );
    expect(() => issueToken(root, grant(holder.self, Array(17).fill(wide)), 'authority')).toThrow('cannot be granted');
  });

  it('refuses any changed bit', () => {
    const chain = handOn(holder, given, grant(third.self));
    const text = JSON.stringify(chain);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(text);
        bytes[at] = bytes[at]! ^ (1 << bit);
        let changed: TokenChain;
        try {
          changed = JSON.parse(bytes.toString('utf8'));
        } catch {
          return;
        }
        // The names of the fields are not signed, and not what is checked: without one it is no chain.
        const isChain =
          Array.isArray(changed) &&
          changed.every((each) => typeof each?.body === 'string' && typeof each?.signature === 'string');
        if (isChain) expect(checkToken(third, changed, NOW, never).ok).toBe(false);
      }),
      { numRuns: 800 },
    );
  });

  it('whatever is signed after whatever, never gives more than its first block gave', () => {
    const capability = fc.record({
      action: fc.constantFrom('a.*', 'a.b', 'a.b.*', 'c', '*'),
      scope: fc.constantFrom('node' as const, 'group' as const, 'network' as const),
      mostNodes: fc.integer({ min: 1, max: 4 }),
      largestShare: fc.constantFrom(0, 0.5, 1),
      approvals: fc.nat(2),
    });
    const parties = [root, holder, third];
    const block = fc.record({
      capabilities: fc.array(capability, { minLength: 1, maxLength: 2 }),
      expiresAt: fc.integer({ min: NOW + 1, max: NOW + 4 }),
      by: fc.nat(2),
      to: fc.nat(2),
      // Mostly as it should be, so that deep chains come about.
      follows: fc.nat(9),
      same: fc.boolean(),
    });
    const request = fc.record({
      action: fc.constantFrom('a.b', 'a.b.c', 'c'),
      scope: fc.constantFrom('node' as const, 'group' as const, 'network' as const),
      nodes: fc.integer({ min: 1, max: 5 }),
      networkSize: fc.integer({ min: 1, max: 8 }),
      approvals: fc.nat(2),
      now: fc.constant(NOW),
    });
    let good = 0;
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 3 }),
        fc.array(capability, { minLength: 1, maxLength: 2 }),
        request,
        (blocks, first, asked) => {
          let chain = issueToken(root, grant(holder.self, first, NOW + 3), 'authority');
          let last = holder;
          let before = first;
          for (const { capabilities, expiresAt, by, to, follows, same } of blocks) {
            // Signed by hand, past everything that `handOn` refuses.
            const signer = follows > 0 ? last : parties[by]!;
            const issuer = signer.self;
            before = same ? before : capabilities;
            const own = { ...grant(parties[to]!.self, before, expiresAt), network: 'test-network', issuer };
            last = parties[to]!;
            const digest = chain.at(-1)!.body;
            const body = { ...own, ...(follows !== 1 && { parent: digestOf(digest) }) };
            chain = [...chain, makeSigned((bytes) => signer.sign('capability', bytes), body)];
          }
          const checked = checkToken(third, chain, NOW, never);
          if (!checked.ok) return;
          good++;
          expect(isAttenuationOf(checked.token.capabilities, first)).toBe(true);
          expect(checked.token.expiresAt).toBeLessThanOrEqual(NOW + 3);
          if (allows(checked.token.capabilities, asked).allowed) expect(allows(first, asked).allowed).toBe(true);
        },
      ),
      { numRuns: 400, seed: 7 },
    );
    expect(good).toBeGreaterThan(30);
  });

  it('of everything can be given by the authority, and narrowed', () => {
    const all = issueToken(root, grant(holder.self, [EVERYTHING]), 'authority');
    expect(faultOf(handOn(holder, all, grant(third.self)))).toBeUndefined();
  });
});
