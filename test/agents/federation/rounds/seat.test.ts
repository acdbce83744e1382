import { describe, expect, it } from 'vitest';
import { LEARNER, VirtualFederation } from './virtual-federation.ts';

const config = { selection: { share: 1 }, deadline: { least: 60 } };

function move(federation: VirtualFederation, node: string, term: number): void {
  federation.seat = { node, term };
  for (const { leadership } of federation.nodes.values()) leadership.set(federation.seat);
}

describe('the seat of the coordinator', () => {
  it('moves in the middle of a round: the old one gives its round up, the new one runs its own', async () => {
    const federation = await new VirtualFederation({ config }).startAll(5);
    const old = federation.lead;
    await federation.until(() => old.coordinator.round(LEARNER)?.state === 'training');
    move(federation, 'n1', 2);
    expect(old.coordinator.status()).toMatchObject({ coordinates: false, learners: [] });
    const round = await federation.ended(1);
    expect(round).toMatchObject({ state: 'done', arrived: 5 });
    const stored = await old.disk.storage.rounds(LEARNER, 10);
    expect(JSON.parse(stored[0]!.state)).toMatchObject({ kind: 'failed', reason: 'superseded' });
    // And back: the numbers go on where this node's store has them.
    move(federation, 'n0', 3);
    expect(await federation.ended(2)).toMatchObject({ state: 'done', arrived: 5 });
  });

  it('is taken from a dead coordinator; when that comes back it is no coordinator and spoils nothing', async () => {
    const federation = await new VirtualFederation({ config }).startAll(5);
    await federation.until(() => federation.lead.coordinator.round(LEARNER)?.arrived === 0);
    federation.lead.kill();
    move(federation, 'n1', 2);
    expect(await federation.ended(1)).toMatchObject({ state: 'done', arrived: 4 });
    await federation.start('n0');
    expect(federation.nodes.get('n0')!.coordinator.status().coordinates).toBe(false);
    expect(await federation.ended(2)).toMatchObject({ state: 'done', arrived: 5 });
  });

  it('with an empty store goes on after the round that the nodes have heard of', async () => {
    const federation = await new VirtualFederation({ config }).startAll(4);
    await federation.ended(3);
    federation.lead.kill();
    federation.disks.delete('n0');
    await federation.pass(1000);
    await federation.start('n0');
    await federation.until(() => (federation.lead.coordinator.history(LEARNER)[0]?.number ?? 0) > 0);
    const [round] = federation.lead.coordinator.history(LEARNER);
    expect(round!.number).toBeGreaterThanOrEqual(4);
    expect(round).toMatchObject({ state: 'done', arrived: 4 });
  });
});

describe('an operator', () => {
  it('pauses the rounds over a restart, begins one by hand, and lets them go on', async () => {
    const federation = await new VirtualFederation({ config }).startAll(4);
    await federation.ended(1);
    await federation.lead.coordinator.pause('ada', 'measuring');
    await federation.pass(60_000);
    const before = federation.lead.coordinator.history(LEARNER).length;
    federation.lead.kill();
    await federation.start('n0');
    await federation.pass(60_000);
    expect(federation.lead.coordinator.history(LEARNER)).toHaveLength(before);
    expect(federation.lead.coordinator.status()).toMatchObject({
      paused: { by: 'ada', reason: 'measuring' },
      learners: [{ sentence: 'The next round waits: ada paused the rounds: measuring' }],
    });
    const begun = await federation.lead.coordinator.runNow(LEARNER);
    expect(begun).toMatchObject({ number: before + 1, state: 'selecting' });
    await expect(federation.lead.coordinator.runNow(LEARNER)).rejects.toMatchObject({ code: 'ROUND_RUNNING' });
    expect(await federation.ended(before + 1)).toMatchObject({ state: 'done' });
    await federation.lead.coordinator.resume('ada');
    expect(await federation.ended(before + 2)).toMatchObject({ state: 'done' });
  });

  it('asks a node that does not coordinate, and is told which one does', async () => {
    const federation = await new VirtualFederation({ config }).startAll(2);
    await expect(federation.nodes.get('n1')!.coordinator.runNow(LEARNER)).rejects.toMatchObject({
      code: 'FEDERATION_NOT_COORDINATOR',
      message: 'Rounds of toy are not run here: n0 coordinates',
    });
  });
});
