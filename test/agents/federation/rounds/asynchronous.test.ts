import { describe, expect, it } from 'vitest';
import { LEARNER, VirtualFederation } from './virtual-federation.ts';

const config = {
  mode: 'asynchronous',
  selection: { share: 1 },
  asynchronous: { buffer: 3, staleness: 4 },
  deadline: { least: 30, most: 60 },
};

describe('asynchronous rounds', () => {
  it('make a model of every three updates; slow boards count in a later round, by 1/√(1 + rounds late)', async () => {
    const federation = await new VirtualFederation({ config }).startAll(5);
    federation.nodes.get('n3')!.learner.seconds = 7;
    federation.nodes.get('n4')!.learner.seconds = 9;
    const first = await federation.ended(1, 20_000);
    expect(first).toMatchObject({ state: 'done', arrived: 3, wanted: 3 });
    await federation.until(() => federation.lead.coordinator.history(LEARNER, 100).length >= 8, 200_000);
    const rounds = federation.lead.coordinator.history(LEARNER, 100);
    const late = rounds.flatMap(({ number, nodes }) =>
      nodes
        .filter(({ state, late = 0 }) => state === 'in' && late > 0)
        .map(({ node, late }) => [number, node.id, late]),
    );
    expect(late.length).toBeGreaterThan(0);
    for (const { state, sentence } of rounds) expect(state, sentence).toBe('done');
    // No training counts twice: each node had as many updates taken as trainings that are over.
    for (const [id, { learner, participant }] of federation.nodes) {
      const counted = rounds.filter(({ nodes }) =>
        nodes.some(({ node, state }) => node.id === id && state === 'in'),
      ).length;
      expect(counted).toBeLessThanOrEqual(learner.trainings);
      expect(participant.figures().ended).not.toHaveProperty('refused');
    }
  });

  it('refuse what is later than is taken, and ask that node again', async () => {
    const federation = await new VirtualFederation({
      config: { ...config, asynchronous: { buffer: 3, staleness: 1 } },
    }).startAll(4);
    const slow = federation.nodes.get('n3')!;
    slow.learner.seconds = 40;
    await federation.until(
      () => slow.participant.duties()[0]!.duty.kind === 'idle' && slow.learner.trainings > 0,
      200_000,
    );
    expect(slow.participant.figures().ended).not.toHaveProperty('taken');
    slow.learner.seconds = 1;
    await federation.until(() => (slow.participant.figures().ended.taken ?? 0) > 0, 200_000);
  });

  it('go on after the coordinator was killed, with what was under way, counting nothing twice', async () => {
    const federation = await new VirtualFederation({ config }).startAll(5);
    for (const id of ['n3', 'n4']) federation.nodes.get(id)!.learner.seconds = 12;
    const { disk } = federation.lead;
    for (let life = 0; life < 4; life++) {
      const before = disk.proposed.length;
      await federation.until(() => disk.proposed.length > before, 200_000);
      federation.lead.kill();
      await federation.pass(2000);
      await federation.start('n0');
    }
    await federation.until(() => federation.lead.coordinator.history(LEARNER, 100).length >= 10, 300_000);
    const rounds = federation.lead.coordinator.history(LEARNER, 100).filter(({ state }) => state === 'done');
    expect(disk.proposed.map(({ origin }) => origin.round)).toEqual(
      [...new Set(disk.proposed.map(({ origin }) => origin.round))].sort((a, b) => a - b),
    );
    expect(rounds.length).toBeGreaterThanOrEqual(8);
  });

  it('end at their deadline with what came, when the buffer does not fill', async () => {
    const federation = await new VirtualFederation({
      config: { ...config, asynchronous: { buffer: 10 }, quorum: 0.3, deadline: { most: 15 } },
    }).startAll(5);
    for (const id of ['n2', 'n3', 'n4']) federation.nodes.get(id)!.learner.seconds = 500;
    expect(await federation.ended(1, 20_000)).toMatchObject({ state: 'done', arrived: 2 });
  });
});
