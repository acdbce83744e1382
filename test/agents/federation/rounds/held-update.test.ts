// An update that waits for its owner while its node restarts, in a federation with real gates.

import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import { PrivacyConfig } from '../../../../agents/federation/privacy/config.ts';
import { PrivacyGate } from '../../../../agents/federation/privacy/gate.ts';
import { RoundGuard } from '../../../../agents/federation/privacy/round-guard.ts';
import { seededSecrets } from '../secure/nodes.ts';
import { VirtualFederation } from './virtual-federation.ts';

/** `n1` asks its owner; its gate opens anew with each life. */
async function askingNode() {
  const documents = new Map<string, string>();
  const config = Value.Parse(PrivacyConfig, Value.Default(PrivacyConfig, { noise: 2, leaves: { updates: 'ask' } }));
  let guard: RoundGuard | undefined;
  const federation: VirtualFederation = new VirtualFederation({
    config: { selection: { share: 1 }, deadline: { least: 120 }, quorum: 1 },
    participant: (id) => (id === 'n1' && guard !== undefined ? { protection: guard, gates: [guard.mayTakePart] } : {}),
  });
  const open = async (): Promise<PrivacyGate> => {
    const gate = await PrivacyGate.open({
      ...{ config: () => config, clock: federation.clock, secrets: seededSecrets('owner') },
      journal: { record: () => {} },
      storage: {
        document: async (name) => documents.get(name),
        putDocument: async (name, value) => void documents.set(name, value),
      },
    });
    guard = new RoundGuard(gate, () => config);
    return gate;
  };
  const before = await open();
  await federation.startAll(3);
  // The round stays open for it.
  federation.nodes.get('n2')!.learner.seconds = 25;
  await federation.until(() => before.held().length === 1);
  return { federation, open, before };
}

it('goes on waiting after a restart, and reaches the round once approved', async () => {
  const { federation, open, before } = await askingNode();
  const [waiting] = before.held();
  federation.nodes.get('n1')!.kill();
  const gate = await open();
  const node = await federation.start('n1');
  expect(node.participant.duties()).toMatchObject([{ duty: { kind: 'held', round: 1 } }]);
  await federation.pass(6000);
  expect(gate.held()).toMatchObject([{ id: waiting!.id, state: 'waiting' }]);
  await gate.decide(waiting!.id, 'approved');
  await federation.until(() => node.participant.duties()[0]?.duty.kind === 'idle');
  expect(gate.ledger(1).entries).toMatchObject([{ round: 1, noise: 2 }]);
  expect(node.learner.trainings).toBe(0);
  const round = await federation.ended(1);
  expect(round.nodes.find(({ node: { id } }) => id === 'n1')).toMatchObject({ state: 'in' });
});

it('stays here when denied, and is not asked for after another restart', async () => {
  const { federation, open } = await askingNode();
  federation.nodes.get('n1')!.kill();
  const gate = await open();
  const node = await federation.start('n1');
  await gate.decide(gate.held()[0]!.id, 'denied');
  await federation.until(() => node.participant.duties()[0]?.duty.kind === 'idle');
  const round = await federation.ended(1);
  expect(round.nodes.find(({ node: { id } }) => id === 'n1')?.state).not.toBe('in');
  expect(gate.ledger(10).entries.filter(({ kind }) => kind === 'updates')).toEqual([]);
  node.kill();
  expect(federation.disks.get('n1')!.notebook).not.toContain('"held"');
});
