import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { valuesOf } from '../../../../agents/federation/privacy/clip-and-noise.ts';
import { checkPrivacyConfig, PrivacyConfig, privacyConcerns } from '../../../../agents/federation/privacy/config.ts';
import type { DocumentStorage } from '../../../../agents/federation/privacy/document-storage.ts';
import { PrivacyGate } from '../../../../agents/federation/privacy/gate.ts';
import type { Leaving } from '../../../../agents/federation/privacy/release.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { seededSecrets } from '../secure/nodes.ts';

const HOUR = 3600_000;

/** A store that can be told to fail, or to die after a write. */
class Documents implements DocumentStorage {
  readonly kept = new Map<string, string>();
  readonly writes: string[] = [];
  failing: string | undefined;

  async document(name: string): Promise<string | undefined> {
    return this.kept.get(name);
  }

  async putDocument(name: string, value: string): Promise<void> {
    if (this.failing !== undefined && name.startsWith(this.failing)) throw new Error('disk full');
    this.kept.set(name, value);
    this.writes.push(name);
  }
}

const configOf = (changes: object): PrivacyConfig => Value.Parse(PrivacyConfig, Value.Default(PrivacyConfig, changes));

async function gateOf(changes: object, documents = new Documents(), seed = 'gate', clock = new VirtualClock()) {
  const journal: JournalEntry[] = [];
  const config = { now: configOf(changes) };
  const gate = await PrivacyGate.open({
    config: () => config.now,
    storage: documents,
    clock,
    journal: { record: (entry) => journal.push(entry) },
    secrets: seededSecrets(seed),
  });
  return { gate, clock, journal, documents, config };
}

const delta = Float32Array.from([0.3, -0.4]);

const leaving = (changes: Partial<Leaving> = {}): Leaving => ({
  learner: 'parl-policy',
  kind: 'updates',
  to: 'coordinator',
  term: 1,
  round: 1,
  data: Uint8Array.from([1, 2, 3]),
  examples: 40,
  ...changes,
});

describe('the gate', () => {
  test('keeps its own clip and noise: a coordinator can ask for more privacy, never less', async () => {
    const { gate } = await gateOf({ clip: 2, noise: 1 });
    expect(gate.protection()).toEqual({ clip: 2, noise: 1 });
    expect(gate.protection({ clip: 5, noise: 0 })).toEqual({ clip: 2, noise: 1 });
    expect(gate.protection({ clip: 1, noise: 3 })).toEqual({ clip: 1, noise: 3 });
    const group = (clip: number, added: number, counted: number) => () =>
      gate.protectForGroup(delta, clip, { added, counted }, 1);
    expect(group(3, 1, 1)).toThrow(expect.objectContaining({ code: 'PRIVACY_TERMS_TOO_WEAK' }));
    expect(group(2, 0.5, 1)).toThrow(expect.objectContaining({ code: 'PRIVACY_TERMS_TOO_WEAK' }));
    expect(group(2, 1, 1)).not.toThrow();
  });

  test('lets an update out once the charge is on the disk, and the ledger tells what left', async () => {
    const { gate, documents } = await gateOf({ clip: 1, noise: 4 });
    const from = gate.protect(delta);
    expect(await gate.release(leaving({ from }))).toMatchObject({
      kind: 'leave',
      again: false,
      epsilonAfter: expect.closeTo(2.1657, 3),
    });
    expect(documents.writes).toEqual(['privacy-account-parl-policy', 'privacy-ledger-0']);
    expect(gate.ledger(10).entries).toEqual([
      {
        ...{ number: 1, at: Date.UTC(2026, 0, 1), learner: 'parl-policy', kind: 'updates', to: 'coordinator' },
        ...{ term: 1, round: 1, bytes: 3, examples: 40, norm: expect.closeTo(0.5, 6), noise: 4, secure: false },
        epsilon: expect.closeTo(2.1657, 3),
      },
    ]);
    expect(gate.ledger(10).sums).toEqual({ 'parl-policy/updates': { times: 1, bytes: 3 } });
  });

  test('a retry, also after a restart, is free with the same bytes and refused with others', async () => {
    const documents = new Documents();
    const first = await gateOf({ noise: 4 }, documents);
    await first.gate.release(leaving({ from: first.gate.protect(delta) }));
    const { gate } = await gateOf({ noise: 4 }, documents, 'after a restart');
    expect(await gate.release(leaving())).toMatchObject({ kind: 'leave', again: true });
    const other = leaving({ data: Uint8Array.from([9]), from: gate.protect(delta) });
    expect(await gate.release(other)).toMatchObject({ kind: 'refused', reason: 'other-bytes' });
    expect((await gate.outlook('parl-policy')).participations).toBe(1);
    expect(gate.ledger(10).entries).toHaveLength(1);
  });

  test('when it dies between charge and ledger, the charge stands and the retry is written down', async () => {
    const documents = new Documents();
    const before = await gateOf({ noise: 4 }, documents);
    documents.failing = 'privacy-ledger';
    expect(await before.gate.release(leaving({ from: before.gate.protect(delta) }))).toMatchObject({
      kind: 'refused',
      reason: 'not-written',
      sentence: 'disk full',
    });
    documents.failing = undefined;
    const { gate } = await gateOf({ noise: 4 }, documents);
    expect((await gate.outlook('parl-policy')).participations).toBe(1);
    expect(await gate.release(leaving())).toMatchObject({ kind: 'leave', again: true });
    expect(gate.ledger(10).entries).toHaveLength(1);
  });

  test('when the charge cannot be written, nothing leaves, nothing is charged, and the same may be tried again', async () => {
    const { gate, documents } = await gateOf({ noise: 4 });
    const from = gate.protect(delta);
    documents.failing = 'privacy-account';
    expect(await gate.release(leaving({ from }))).toMatchObject({ kind: 'refused', reason: 'not-written' });
    documents.failing = undefined;
    expect((await gate.outlook('parl-policy')).participations).toBe(0);
    expect(await gate.release(leaving({ from }))).toMatchObject({ kind: 'leave', again: false });
  });

  test('lets out no update that it did not make, and none twice under different rounds: its noise counts once', async () => {
    const { gate } = await gateOf({ noise: 4 });
    expect(await gate.release(leaving())).toMatchObject({ kind: 'refused', reason: 'unprotected' });
    const from = gate.protect(delta);
    expect(await gate.release(leaving({ from: { ...from } }))).toMatchObject({
      kind: 'refused',
      reason: 'unprotected',
    });
    expect(await gate.release(leaving({ from }))).toMatchObject({ kind: 'leave' });
    expect(await gate.release(leaving({ from, round: 2, data: Uint8Array.from([4]) }))).toMatchObject({
      kind: 'refused',
      reason: 'unprotected',
    });
  });

  test('two at once do not both find the budget of one', async () => {
    const { gate } = await gateOf({ noise: 4, budget: 2.5 });
    const releases = [1, 2, 3].map((round) =>
      gate.release(leaving({ round, data: Uint8Array.from([round]), from: gate.protect(delta) })),
    );
    const kinds = (await Promise.all(releases)).map((release) =>
      release.kind === 'refused' ? release.reason : release.kind,
    );
    expect(kinds).toEqual(['leave', 'budget-spent', 'budget-spent']);
  });

  test('says before training that the budget is spent, and the journal tells it once, and once that it renews', async () => {
    const { gate, clock, journal } = await gateOf({ noise: 4, budget: 2.5, renewal: 10 });
    await gate.release(leaving({ from: gate.protect(delta) }));
    const { next, epsilonEver } = await gate.outlook('parl-policy');
    expect(next).toMatchObject({ kind: 'refused', reason: 'budget-spent', possibleAt: Date.UTC(2026, 0, 11) });
    expect(epsilonEver).toBeCloseTo(2.1657, 3);
    await gate.outlook('parl-policy');
    clock.advance(11 * 24 * HOUR);
    expect((await gate.outlook('parl-policy')).next).toMatchObject({ kind: 'allowed', epsilonBefore: 0 });
    expect(journal.map(({ kind, severity }) => `${kind} ${severity}`)).toEqual([
      'federation.budget warning',
      'federation.budget info',
    ]);
  });

  test('an account that cannot be read keeps the node out until its owner begins a new one', async () => {
    const documents = new Documents();
    documents.kept.set('privacy-account-parl-policy', '{"spent":');
    const { gate, journal } = await gateOf({ noise: 4 }, documents);
    expect((await gate.outlook('parl-policy')).next).toMatchObject({ kind: 'refused', reason: 'account-unreadable' });
    const from = gate.protect(delta);
    expect(await gate.release(leaving({ from }))).toMatchObject({ kind: 'refused', reason: 'account-unreadable' });
    await gate.beginAccount('parl-policy');
    expect(await gate.release(leaving({ from }))).toMatchObject({ kind: 'leave' });
    expect(journal[0]).toMatchObject({ severity: 'warning', kind: 'federation.account' });
  });
});

describe('the owner', () => {
  test('denies by learner and kind, and the word outlives a restart', async () => {
    const documents = new Documents();
    const { gate } = await gateOf(
      { leaves: { metrics: 'deny' }, learners: { other: { experience: 'deny' } } },
      documents,
    );
    const kind = async (changes: Partial<Leaving>) =>
      (await gate.release(leaving({ from: gate.protect(delta), ...changes }))).kind;
    expect(await kind({ kind: 'metrics' })).toBe('refused');
    expect(await kind({ kind: 'experience' })).toBe('leave');
    expect(await kind({ kind: 'experience', learner: 'other' })).toBe('refused');
    await gate.setConsent('parl-policy', 'updates', 'deny');
    expect(await kind({})).toBe('refused');
    const again = await gateOf({}, documents);
    expect((await again.gate.outlook('parl-policy')).consent).toEqual({
      updates: 'deny',
      experience: 'allow',
      metrics: 'allow',
    });
    await again.gate.setConsent('parl-policy', 'updates', undefined);
    expect((await again.gate.outlook('parl-policy')).consent.updates).toBe('allow');
    documents.kept.set('privacy-consent', 'broken');
    await expect(gateOf({}, documents)).rejects.toThrow(
      expect.objectContaining({ code: 'PRIVACY_CONSENT_UNREADABLE' }),
    );
  });

  test('is asked once; approved it leaves, denied it never does; nothing is charged while it waits', async () => {
    const { gate, journal } = await gateOf({ noise: 4, leaves: { updates: 'ask' } });
    const mine = leaving({ from: gate.protect(delta) });
    const held = await gate.release(mine);
    if (held.kind !== 'held') throw new Error(held.kind);
    expect(await gate.release(mine)).toMatchObject({ kind: 'held', id: held.id });
    expect(journal.filter(({ kind }) => kind === 'federation.held')).toHaveLength(1);
    expect((await gate.outlook('parl-policy')).participations).toBe(0);
    expect(gate.held()).toMatchObject([
      { id: held.id, state: 'waiting', bytes: 3, examples: 40, norm: expect.closeTo(0.5, 6) },
    ]);
    await gate.decide(held.id, 'approved');
    expect(await gate.release(mine)).toMatchObject({ kind: 'leave', again: false });
    const second = await gate.release(leaving({ round: 2, from: gate.protect(delta) }));
    if (second.kind !== 'held') throw new Error(second.kind);
    await gate.decide(second.id, 'denied');
    expect(await gate.release(leaving({ round: 2 }))).toMatchObject({ kind: 'refused', reason: 'denied' });
    await expect(gate.decide(second.id, 'approved')).rejects.toMatchObject({ code: 'CONTRIBUTION_NOT_HELD' });
  });

  test('who does not answer has not agreed: what waited expires', async () => {
    const { gate, clock } = await gateOf({ leaves: { experience: 'ask' }, holdFor: 2 });
    const held = await gate.release(leaving({ kind: 'experience' }));
    if (held.kind !== 'held') throw new Error(held.kind);
    clock.advance(2 * HOUR);
    expect(gate.held()).toEqual([]);
    await expect(gate.decide(held.id, 'approved')).rejects.toThrow(/expired/);
    expect((await gate.release(leaving({ kind: 'experience' }))).kind).toBe('held');
  });

  test('is asked the same after a restart; approved, an update of before it leaves with the noise that it has', async () => {
    const documents = new Documents();
    const settings = { clip: 1, noise: 4, leaves: { updates: 'ask' } };
    const { gate } = await gateOf(settings, documents);
    const held = await gate.release(leaving({ from: gate.protect(delta) }));
    if (held.kind !== 'held') throw new Error(held.kind);
    const again = await gateOf(settings, documents);
    expect(again.gate.held()).toMatchObject([{ id: held.id, state: 'waiting', round: 1, noise: 4 }]);
    expect(await again.gate.release(leaving())).toMatchObject({ kind: 'held', id: held.id });
    expect(again.journal.filter(({ kind }) => kind === 'federation.held')).toHaveLength(0);
    await again.gate.decide(held.id, 'approved');
    const last = await gateOf(settings, documents);
    expect(last.gate.held()).toMatchObject([{ state: 'approved' }]);
    expect(await last.gate.release(leaving())).toMatchObject({ epsilonAfter: expect.closeTo(2.1657, 3), again: false });
    expect(last.gate.ledger(1).entries).toMatchObject([{ noise: 4, norm: expect.closeTo(0.5, 6) }]);
    // Other bytes were not made here.
    expect((await last.gate.release(leaving({ data: Uint8Array.of(9) }))).kind).toBe('held');
  });

  test('has denied what was denied before a restart; what expired meanwhile is gone, and a clock set back gives no time', async () => {
    const documents = new Documents();
    const settings = { leaves: { experience: 'ask' }, holdFor: 2 };
    const { gate, clock } = await gateOf(settings, documents);
    const ask = (of: PrivacyGate, round: number) => of.release(leaving({ kind: 'experience', round }));
    await ask(gate, 1);
    clock.advance(HOUR);
    await ask(gate, 2);
    await gate.decide(gate.held()[1]!.id, 'denied');
    const started = async (wall: number) =>
      (await gateOf(settings, documents, 'later', new VirtualClock({ epoch: wall }))).gate;
    const soon = await started(clock.wall() + HOUR);
    expect(soon.held()).toMatchObject([{ round: 2, state: 'denied' }]);
    expect(await ask(soon, 2)).toMatchObject({ kind: 'refused', reason: 'denied' });
    expect((await started(clock.wall() + 2 * HOUR)).held()).toEqual([]);
    const before = new VirtualClock({ epoch: clock.wall() - 24 * HOUR });
    const wrong = (await gateOf(settings, documents, 'later', before)).gate;
    expect(wrong.held()).toHaveLength(2);
    before.advance(2 * HOUR);
    expect(wrong.held()).toEqual([]);
    documents.kept.set('privacy-held', '[{"id":"no"}]');
    expect((await started(clock.wall())).held()).toEqual([]);
  });

  test('is told when what waits cannot be written down: it stays here', async () => {
    const { gate, documents } = await gateOf({ leaves: { experience: 'ask' } });
    documents.failing = 'privacy-held';
    const refused = await gate.release(leaving({ kind: 'experience' }));
    expect(refused).toMatchObject({ kind: 'refused', reason: 'not-written', sentence: 'disk full' });
    expect(gate.held()).toEqual([]);
  });

  test('has at most 32 things waiting', async () => {
    const { gate } = await gateOf({ leaves: { experience: 'ask' } });
    for (let round = 1; round <= 32; round++)
      expect((await gate.release(leaving({ kind: 'experience', round }))).kind).toBe('held');
    expect(await gate.release(leaving({ kind: 'experience', round: 33 }))).toMatchObject({
      kind: 'refused',
      reason: 'too-many-held',
    });
  });
});

test('a new period, by the owner, makes the budget whole again and forgets nothing that left', async () => {
  const documents = new Documents();
  const { gate, journal } = await gateOf({ clip: 1, noise: 4, budget: 3 }, documents);
  const share = (round: number) =>
    gate.release(leaving({ round, data: Uint8Array.of(round), from: gate.protect(delta) }));
  expect([(await share(1)).kind, (await share(2)).kind]).toEqual(['leave', 'refused']);
  await gate.beginAccount('parl-policy');
  expect(journal.at(-1)).toMatchObject({ severity: 'warning', kind: 'federation.account' });
  expect(journal.at(-1)?.message).toContain('ε 2.17 was given away in the last one');
  expect(await gate.outlook('parl-policy')).toMatchObject({
    ...{ next: { kind: 'allowed', epsilonBefore: 0 }, participations: 1, epsilonEver: expect.closeTo(2.1657, 3) },
  });
  expect((await share(2)).kind).toBe('leave');
  // The first one is still known, free for the same bytes and refused for others.
  const again = (await gateOf({ clip: 1, noise: 4, budget: 3 }, documents)).gate;
  expect(await again.release(leaving({ data: Uint8Array.of(1) }))).toMatchObject({ kind: 'leave', again: true });
  expect(await again.release(leaving({ data: Uint8Array.of(7) }))).toMatchObject({ reason: 'other-bytes' });
});

test('the ledger keeps the newest 512 entries in small pages, and its sums for ever', async () => {
  const documents = new Documents();
  const { gate } = await gateOf({}, documents);
  for (let round = 1; round <= 600; round++) await gate.release(leaving({ kind: 'metrics', round }));
  const after = (await gateOf({}, documents)).gate;
  const { entries, sums } = after.ledger(1000);
  expect(entries[0]).toMatchObject({ number: 600, round: 600 });
  expect(entries.length).toBeGreaterThanOrEqual(480);
  expect(entries.length).toBeLessThanOrEqual(512);
  expect(entries.map(({ number }) => number)).toEqual(entries.map((_, at) => 600 - at));
  expect(sums).toEqual({ 'parl-policy/metrics': { times: 600, bytes: 1800 } });
  const pages = [...documents.kept]
    .filter(([name]) => name.startsWith('privacy-ledger'))
    .map(([, text]) => text.length);
  expect(Math.max(...pages)).toBeLessThan(8000);
});

test('settings that cannot both be meant are refused by name, and what is easily overlooked is told', () => {
  expect(() => checkPrivacyConfig(configOf({ budget: 3 }))).toThrow(
    expect.objectContaining({ code: 'PRIVACY_CONFIG_CONTRADICTION' }),
  );
  expect(() => checkPrivacyConfig(configOf({ renewal: 3 }))).toThrow(/renewal/);
  expect(privacyConcerns(configOf({}))).toEqual([]);
  expect(privacyConcerns(configOf({ noise: 1 }))[0]).toContain('experience');
  expect(
    privacyConcerns(configOf({ noise: 1, leaves: { experience: 'deny' }, spread: 'group', secure: 'off' })),
  ).toHaveLength(1);
  expect(Value.Check(PrivacyConfig, { clip: 0 })).toBe(false);
  expect(configOf({})).toMatchObject({ clip: 10, noise: 0, secure: 'on', leaves: { updates: 'allow' } });
});

test('values of a protected update are what was trained, within the clip', async () => {
  const { gate } = await gateOf({});
  expect([...valuesOf(gate.protect(delta))].map((value) => Math.round(value * 1000))).toEqual([300, -400]);
});
