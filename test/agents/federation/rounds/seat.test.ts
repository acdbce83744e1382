import { describe, expect, it } from 'vitest';
import { pauseTopic } from '../../../../agents/federation/rounds/rounds-pause.ts';
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
    await federation.lead.coordinator.pause.begin('ada', 'measuring');
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
    await federation.lead.coordinator.pause.end('ada');
    expect(await federation.ended(before + 2)).toMatchObject({ state: 'done' });
  });

  it('pauses the rounds for whoever has the seat next, until somebody says otherwise there', async () => {
    const federation = await new VirtualFederation({ config }).startAll(4);
    await federation.ended(1);
    await federation.lead.coordinator.pause.begin('ada', 'measuring');
    await federation.pass(1000);
    federation.lead.kill();
    move(federation, 'n1', 2);
    await federation.pass(120_000);
    const paused = { by: 'ada', reason: 'measuring' };
    expect(federation.lead.coordinator.status()).toMatchObject({ coordinates: true, paused });
    expect(federation.lead.coordinator.history(LEARNER)).toHaveLength(0);
    // The old one, with the pause on its disk, and a newcomer hear what counts by now.
    await federation.lead.coordinator.pause.end('bob');
    await federation.start('n0');
    await federation.start('n4');
    move(federation, 'n4', 3);
    expect(await federation.ended(1)).toMatchObject({ state: 'done' });
    for (const { coordinator } of federation.nodes.values()) expect(coordinator.status().paused).toBeUndefined();
    expect(federation.nodes.get('n0')!.journal).toContainEqual(
      expect.objectContaining({ kind: 'federation.rounds-resumed', message: 'Rounds go on (told by n1)' }),
    );
  });

  it('is heard after both parts of a network met, whichever of them had paused', async () => {
    const federation = await new VirtualFederation({ config }).startAll(4);
    const part = (isCut: boolean) => {
      for (const one of ['n0', 'n1']) for (const other of ['n2', 'n3']) federation.exchange.cut(one, other, isCut);
    };
    part(true);
    const [left, right] = [federation.nodes.get('n1')!, federation.nodes.get('n2')!];
    for (const id of ['n2', 'n3']) federation.nodes.get(id)!.leadership.set({ node: 'n2', term: 2 });
    await federation.lead.coordinator.pause.begin('ada', 'measuring');
    await federation.pass(1000);
    expect([left, right].map(({ coordinator }) => coordinator.status().paused?.by)).toEqual(['ada', undefined]);
    part(false);
    move(federation, 'n2', 2);
    await federation.pass(300_000);
    expect(right.coordinator.status()).toMatchObject({ coordinates: true, paused: { by: 'ada' } });
  });

  it('is not taken for the word of a node that may not coordinate, nor of a seat that never was', async () => {
    const federation = await new VirtualFederation({
      ...{ config, coordinator: { mayCoordinate: (node: string) => node !== 'n3' } },
    }).startAll(4);
    const said = { paused: { by: 'mallory', at: 0, reason: 'no' }, change: 0 };
    federation.nodes.get('n3')!.network.publish(pauseTopic, { ...said, term: 1 });
    federation.nodes.get('n2')!.network.publish(pauseTopic, { ...said, term: 1000 });
    await federation.pass(1000);
    for (const { coordinator } of federation.nodes.values()) expect(coordinator.status().paused).toBeUndefined();
  });

  it('asks a node that does not coordinate, and is told which one does', async () => {
    const federation = await new VirtualFederation({ config }).startAll(2);
    await expect(federation.nodes.get('n1')!.coordinator.runNow(LEARNER)).rejects.toMatchObject({
      code: 'FEDERATION_NOT_COORDINATOR',
      message: 'Rounds of toy are not run here: n0 coordinates',
    });
  });
});
