import { beforeAll, describe, expect, it } from 'vitest';
import type { StoredRound } from '../../../../agents/federation/storage.ts';
import { LEARNER, VirtualFederation } from './virtual-federation.ts';

const NODES = 4;
const config = { selection: { share: 1 }, deadline: { least: 60 } };

/** What round 1 comes to when nothing happens. */
let undisturbed: string;
beforeAll(async () => {
  const federation = await new VirtualFederation({ config }).startAll(NODES);
  const round = await federation.ended(1);
  expect(round.state).toBe('done');
  undisturbed = round.candidate!;
});

const kindOf = (written: unknown): string => JSON.parse((written as StoredRound).state).kind;

/** Kills the coordinator at the first write that fits, starts it again after a while, and lets round 1 end. */
async function killedAt(fits: (when: string, what: string, written: unknown) => boolean) {
  const federation = await new VirtualFederation({ config }).startAll(NODES);
  let killed = 0;
  const { disk, kill } = federation.lead;
  disk.onWrite = (when, what, written) => {
    if (killed > 0 || !fits(when, what, written)) return;
    killed++;
    kill();
  };
  await federation.until(() => killed > 0);
  await federation.pass(7_000);
  await federation.start('n0');
  const round = await federation.ended(1);
  return { federation, round, disk };
}

describe('a coordinator that is killed', () => {
  const steps = ['selecting', 'inviting', 'training', 'collecting', 'aggregating', 'evaluating', 'done'] as const;
  for (const step of steps) {
    for (const when of ['before', 'after'] as const) {
      it(`${when} "${step}" is on its disk ends the round as if nothing had been`, async () => {
        const { round, disk, federation } = await killedAt(
          (at, what, written) => at === when && what === 'putRound' && kindOf(written) === step,
        );
        expect(round.state, round.sentence).toBe('done');
        expect(round.arrived).toBe(NODES);
        expect(round.candidate).toBe(undisturbed);
        expect(disk.proposed.filter(({ origin }) => origin.round === 1)).toHaveLength(1);
        expect(disk.proposed[0]!.origin).toMatchObject({ examples: NODES * 100, nodes: ['n0', 'n1', 'n2', 'n3'] });
        expect(await disk.storage.updates(LEARNER, 1)).toHaveLength(NODES);
        const next = await federation.ended(2);
        expect(next).toMatchObject({ state: 'done', base: round.candidate });
      });
    }
  }

  for (const when of ['before', 'after'] as const) {
    it(`${when} an update is on its disk counts it once`, async () => {
      let updates = 0;
      const { round, disk } = await killedAt((at, what) => at === when && what === 'putUpdate' && ++updates === 2);
      expect(round).toMatchObject({ state: 'done', arrived: NODES, candidate: undisturbed });
      expect(disk.proposed[0]!.origin.examples).toBe(NODES * 100);
    });

    it(`${when} its candidate is on its disk makes the same one`, async () => {
      const { round } = await killedAt((at, what, written) => {
        return at === when && what === 'putModel' && (written as { lineage: string }).lineage.includes('origin');
      });
      expect(round).toMatchObject({ state: 'done', arrived: NODES, candidate: undisturbed });
    });
  }

  it('and takes the seat again in a later term goes on with its round in that term', async () => {
    const federation = await new VirtualFederation({ config }).startAll(NODES);
    const { disk, kill } = federation.lead;
    let isKilled = false;
    disk.onWrite = (when, what, written) => {
      if (isKilled || when !== 'after' || what !== 'putRound' || kindOf(written) !== 'inviting') return;
      isKilled = true;
      kill();
    };
    await federation.until(() => isKilled);
    federation.seat = { node: 'n0', term: 5 };
    for (const { leadership } of federation.nodes.values()) leadership.set(federation.seat);
    await federation.start('n0');
    expect(await federation.ended(1)).toMatchObject({ state: 'done', arrived: NODES, candidate: undisturbed });
    const { heard } = JSON.parse(federation.disks.get('n1')!.notebook!).learners[LEARNER];
    expect(heard.term).toBe(5);
  });

  it('again and again in one state gives the round up and goes on with the next', async () => {
    const federation = await new VirtualFederation({ config }).startAll(NODES);
    let kills = 0;
    const { disk } = federation.lead;
    disk.onWrite = (when, what, written) => {
      if (kills >= 12 || what !== 'putModel' || when !== 'before') return;
      if (!(written as { lineage: string }).lineage.includes('origin')) return;
      kills++;
      federation.lead.kill();
    };
    for (let life = 0; life < 8; life++) {
      await federation.until(
        () => federation.lead === undefined || federation.lead.coordinator.history(LEARNER)[0]?.number === 1,
      );
      if (federation.lead !== undefined) break;
      await federation.start('n0');
    }
    const round = await federation.ended(1);
    expect(round).toMatchObject({ state: 'failed', failure: 'restarts' });
    kills = 12;
    expect(await federation.ended(2)).toMatchObject({ state: 'done', arrived: NODES });
  });

  it('comes back to a network that went on without it and does not finish what is out of date', async () => {
    const federation = await new VirtualFederation({ config }).startAll(NODES);
    const { disk, kill } = federation.lead;
    let isKilled = false;
    disk.onWrite = (when, what, written) => {
      if (isKilled || when !== 'after' || what !== 'putRound' || kindOf(written) !== 'training') return;
      isKilled = true;
      kill();
    };
    await federation.until(() => isKilled);
    disk.settled = { version: '00112233445566aa', parameters: new Float32Array(20).fill(1.5) };
    await federation.start('n0');
    expect(await federation.ended(1)).toMatchObject({ state: 'failed', failure: 'superseded' });
    expect(await federation.ended(2)).toMatchObject({ state: 'done', base: '00112233445566aa' });
  });
});
