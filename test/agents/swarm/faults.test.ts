// Jobs under fire, on virtual time: nodes die and come back, ways are cut, messages are lost and doubled, all by a seed.

import { describe, expect, it } from 'vitest';
import { readEntry } from '../../../agents/swarm/entry-text.ts';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import { seededRandom } from '../../../core/random.ts';
import { operator, type VirtualNode, VirtualSwarm } from './virtual-swarm.ts';

const NODES = ['a', 'b', 'c', 'd'];
const JOBS = 4;
const STORM = 20_000;

/** Layers in which every task needs some of the layer before. */
function layered(name: string, seed: number): JobSpec {
  const random = seededRandom(seed);
  const tasks: JobSpec['tasks'] = [];
  for (let layer = 0; layer < 3; layer++) {
    for (let at = 0; at < 5; at++) {
      const seconds = 0.2 + random.next() * 2;
      const needs =
        layer === 0 ? [] : [...new Set([`${layer - 1}-${random.below(5)}`, `${layer - 1}-${random.below(5)}`])];
      tasks.push({ id: `${layer}-${at}`, kind: 'wait', input: { seconds }, needs, seconds });
    }
  }
  return { name, tasks };
}

async function storm(seed: number): Promise<VirtualSwarm & { accepted: string[] }> {
  const swarm = new VirtualSwarm({ seed, jitter: 2, loss: 0.03, duplication: 0.05, noticeAfter: 300 });
  const random = seededRandom(seed + 1000);
  for (const id of NODES) await swarm.start(id);
  await swarm.pass(500);
  const accepted: string[] = [];
  const isolated = new Set<string>();
  const end = swarm.clock.now() + STORM;
  let submitted = 0;
  while (swarm.clock.now() < end) {
    await swarm.pass(200 + random.below(1500));
    const living = [...swarm.nodes.values()];
    const some = (): VirtualNode => living[random.below(living.length)]!;
    const dead = NODES.filter((id) => !swarm.nodes.has(id));
    const what = random.next();
    if (submitted < JOBS) {
      submitted++;
      void some()
        .swarm.changes.submit(layered(`job ${submitted}`, seed * 10 + submitted), operator)
        .then(({ id }) => accepted.push(id));
    } else if (what < 0.35 && living.length > 2) some().kill();
    else if (what < 0.65 && dead.length > 0) await swarm.start(dead[random.below(dead.length)]!);
    else if (what < 0.85 && isolated.size === 0) {
      const { id } = some();
      isolated.add(id);
      swarm.exchange.isolate(id);
    } else {
      for (const id of isolated) swarm.exchange.isolate(id, false);
      isolated.clear();
    }
  }
  for (const id of isolated) swarm.exchange.isolate(id, false);
  for (const id of NODES) if (!swarm.nodes.has(id)) await swarm.start(id);
  return Object.assign(swarm, { accepted });
}

describe('Jobs under fire', { timeout: 300_000 }, () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`lose no job that was accepted, and record each result once (seed ${seed})`, async () => {
      const swarm = await storm(seed);
      expect(swarm.accepted.length).toBeGreaterThan(0);
      for (const job of swarm.accepted) {
        const view = await swarm.ended(job, 120_000);
        expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 15 } });
      }
      // A home that was cut off may still be handing over; what it tells of its jobs, when lost, is said again.
      await swarm.pass(30_000);
      for (const job of swarm.accepted) {
        const views = [...swarm.nodes.values()].flatMap(({ swarm: { window } }) =>
          window.jobs().filter(({ id }) => id === job),
        );
        expect(views.map(({ state }) => state)).not.toContain('running');
        for (const { id, storage } of swarm.nodes.values()) {
          const finished = storage
            .log(job)
            .flatMap(({ event }) =>
              (readEntry(event) ?? []).flatMap((one) => (one.kind === 'finished' ? one.task : [])),
            );
          expect(new Set(finished).size, `results in the log at ${id}`).toBe(finished.length);
        }
      }
    });
  }
});
