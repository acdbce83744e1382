import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import type { Invitation } from '../../../../agents/federation/messages.ts';
import { PrivacyConfig } from '../../../../agents/federation/privacy/config.ts';
import { PrivacyGate } from '../../../../agents/federation/privacy/gate.ts';
import { RoundGuard } from '../../../../agents/federation/privacy/round-guard.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededSecrets } from '../secure/nodes.ts';

const invitation = (extras?: Invitation['extras']): Invitation => ({
  ...{ id: '0'.repeat(16), learner: 'parl-policy', format: 1, size: 2, round: 3, coordinator: 'coordinator', term: 1 },
  ...{ mode: 'synchronous', base: '1'.repeat(16), digest: '2'.repeat(64), lasts: 1000 },
  plan: { epochs: 1, proximal: 0, budget: 1, seed: 1 },
  ...(extras === undefined ? {} : { extras }),
});

async function guardOf(changes: object) {
  const config = Value.Parse(PrivacyConfig, Value.Default(PrivacyConfig, changes));
  const kept = new Map<string, string>();
  const gate = await PrivacyGate.open({
    config: () => config,
    storage: {
      document: async (name) => kept.get(name),
      putDocument: async (name, value) => void kept.set(name, value),
    },
    clock: new VirtualClock(),
    journal: { record: () => {} },
    secrets: seededSecrets('guard'),
  });
  return { gate, guard: new RoundGuard(gate, () => config) };
}

const delta = Float32Array.from([0.3, -0.4]);

describe('the guard of rounds', () => {
  test('lets a node take part unless its owner, its budget or its settings say no, and says which', async () => {
    const refusal = async (changes: object, extras?: Invitation['extras']) =>
      (await guardOf(changes)).guard.mayTakePart(invitation(extras), 'coordinator');
    expect(await refusal({})).toBeUndefined();
    expect(await refusal({ leaves: { updates: 'deny' } })).toMatchObject({ reason: 'veto' });
    expect(await refusal({ secure: 'required' })).toMatchObject({
      reason: 'privacy',
      cause: expect.stringContaining('secure'),
    });
    expect(await refusal({ secure: 'required' }, { privacy: { secure: true } })).toBeUndefined();
    expect(await refusal({ secure: 'off' }, { privacy: { secure: true } })).toMatchObject({ reason: 'privacy' });
    expect(await refusal({ noise: 1, budget: 5 })).toMatchObject({
      reason: 'privacy',
      cause: expect.stringContaining('ε 5'),
    });
    // More noise than its own is heard: then the budget is enough.
    expect(await refusal({ noise: 1, budget: 5 }, { privacy: { noise: 4 } })).toBeUndefined();
    expect(await refusal({}, { privacy: { noise: 'much' } })).toMatchObject({ reason: 'privacy' });
  });

  test('clips and blurs, tells so in the header, and lets these bytes out once and again', async () => {
    const { guard, gate } = await guardOf({ clip: 0.25, noise: 0 });
    const made = await guard.protect(invitation({ privacy: { clip: 9 } }), delta);
    expect(made.delta[0]).toBeCloseTo(0.15, 5);
    expect(made.delta[1]).toBeCloseTo(-0.2, 5);
    expect(made.extras).toEqual({ privacy: { clip: 0.25, noise: 0 } });
    const data = Uint8Array.from([7]);
    expect(await made.release(data, 12)).toEqual({ kind: 'leave' });
    expect(await guard.releaseAgain(invitation(), data, 12)).toEqual({ kind: 'leave' });
    expect(await guard.releaseAgain(invitation(), Uint8Array.from([8]), 12)).toMatchObject({
      kind: 'refused',
      reason: 'privacy',
    });
    expect(gate.ledger(5).entries).toMatchObject([{ bytes: 1, examples: 12, norm: expect.closeTo(0.5, 6) }]);
  });

  test('says ε afterwards in the header, where noise proves one', async () => {
    const { guard } = await guardOf({ noise: 4 });
    expect((await guard.protect(invitation(), delta)).extras).toEqual({
      privacy: { clip: 10, noise: 4, epsilonAfter: expect.closeTo(2.1657, 3) },
    });
  });

  test('holds what the owner is asked about, and keeps figures back where they are denied', async () => {
    const { guard, gate } = await guardOf({ leaves: { updates: 'ask', metrics: 'deny' } });
    const made = await guard.protect(invitation(), delta);
    const data = Uint8Array.from([7]);
    expect(await made.release(data, 12)).toMatchObject({ kind: 'held', cause: expect.stringContaining('approve') });
    await gate.decide(gate.held()[0]!.id, 'approved');
    expect(await made.release(data, 12)).toEqual({ kind: 'leave' });
    expect(await guard.metrics(invitation(), { reward: 3 })).toEqual({});
    expect(await (await guardOf({})).guard.metrics(invitation(), { reward: 3 })).toEqual({ reward: 3 });
  });
});
