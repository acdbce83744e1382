import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import {
  type ActionRequest,
  AgentCapabilities,
  allows,
  type Capability,
  isAttenuationOf,
  onThisNode,
} from '../../agents/capabilities.ts';

const wide: Capability = {
  action: 'camera.*',
  scope: 'group',
  mostNodes: 5,
  largestShare: 0.2,
  expiresAt: 1_000,
  approvals: 1,
};
const request: ActionRequest = {
  action: 'camera.capture',
  scope: 'group',
  nodes: 2,
  networkSize: 20,
  approvals: 1,
  now: 999,
};

describe('allows', () => {
  it.each<[string, Partial<ActionRequest>, string | undefined]>([
    ['what lies within', {}, undefined],
    ['another action', { action: 'route.change' }, 'no capability names route.change'],
    ['the prefix itself', { action: 'camera' }, 'no capability names camera'],
    ['a wider scope', { scope: 'network' }, 'does not reach the network'],
    ['more nodes', { nodes: 6, networkSize: 100 }, 'allows 5 nodes, not 6'],
    ['a larger share', { nodes: 5 }, 'allows 20 % of the network, not 5 of 20 nodes'],
    ['the moment it expires', { now: 1_000 }, 'has expired'],
    ['without approval', { approvals: 0 }, 'needs 1 approvals, has 0'],
    ['not a number of nodes', { nodes: Number.NaN }, 'allows 5 nodes'],
  ])('%s', (_name, change, lack) => {
    const verdict = allows([wide], { ...request, ...change });
    if (lack === undefined) expect(verdict).toEqual({ allowed: true, by: wide });
    else expect(verdict).toEqual({ allowed: false, reason: expect.stringContaining(lack) });
  });

  it('nothing to nobody', () => {
    expect(allows([], request).allowed).toBe(false);
  });

  it('one node whatever its share of a small network', () => {
    expect(allows([{ ...wide, approvals: 0 }], { ...request, nodes: 1, networkSize: 2 }).allowed).toBe(true);
  });
});

describe('isAttenuationOf', () => {
  const capability = fc.record({
    action: fc.constantFrom('a.*', 'a.b', 'a.b.*', 'a.b.c', 'd'),
    scope: fc.constantFrom('node' as const, 'group' as const, 'network' as const),
    mostNodes: fc.integer({ min: 1, max: 5 }),
    largestShare: fc.constantFrom(0, 0.25, 0.5, 1),
    expiresAt: fc.integer({ min: 0, max: 5 }),
    approvals: fc.nat(3),
  });
  const requests = fc.record({
    action: fc.constantFrom('a.b', 'a.b.c', 'd', 'e'),
    scope: fc.constantFrom('node' as const, 'group' as const, 'network' as const),
    nodes: fc.integer({ min: 1, max: 6 }),
    networkSize: fc.integer({ min: 1, max: 10 }),
    approvals: fc.nat(3),
    now: fc.nat(6),
  });

  it('never lets the narrower do what the wider may not', () => {
    fc.assert(
      fc.property(
        fc.array(capability, { maxLength: 3 }),
        fc.array(capability, { maxLength: 3 }),
        requests,
        (a, b, r) => {
          if (isAttenuationOf(a, b) && allows(a, r).allowed) expect(allows(b, r).allowed).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('holds for itself and for nothing at all, not for one that never expires under one that does', () => {
    expect(isAttenuationOf([wide], [wide])).toBe(true);
    expect(isAttenuationOf([], [wide])).toBe(true);
    const { expiresAt: _, ...forever } = wide;
    expect(isAttenuationOf([forever], [wide])).toBe(false);
  });
});

it('the schema refuses what is not a capability', () => {
  expect(Value.Check(AgentCapabilities, [onThisNode('camera.capture'), wide])).toBe(true);
  expect(Value.Check(AgentCapabilities, [{ ...wide, action: '*' }])).toBe(false);
  expect(Value.Check(AgentCapabilities, [{ ...wide, largestShare: 2 }])).toBe(false);
  expect(Value.Check(AgentCapabilities, Array(33).fill(wide))).toBe(false);
});
