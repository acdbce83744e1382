// The shard and what it learns from, with a real thread and a real store.

import { afterEach, describe, expect, it } from 'vitest';
import { AgentWorker } from '../../../agents/parl/agent-worker.ts';
import { ClusterSimulation } from '../../../agents/parl/environment/cluster-simulation.ts';
import { poissonArrivals } from '../../../agents/parl/environment/episode.ts';
import { FAMILIES, generateJob } from '../../../agents/parl/environment/generated-jobs.ts';
import { type Experience, unpackExperience } from '../../../agents/parl/experience.ts';
import { ExperienceBuffer } from '../../../agents/parl/experience-buffer.ts';
import { learn, practise } from '../../../agents/parl/lessons.ts';
import { LiveScheduler } from '../../../agents/parl/live-scheduler.ts';
import { POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { WasmNetwork } from '../../../agents/parl/ppo/wasm-network.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { folder, openStore } from '../../daemon/store/open-store.ts';

const parameters = initialParameters(POLICY_SHAPE, seededRandom(1));
const nodes = [
  { name: 'a', speed: 1, slots: 2, bandwidth: 5e6, latency: 0.002 },
  { name: 'b', speed: 2, slots: 1, bandwidth: 5e6, latency: 0.002 },
];
const random = seededRandom(2);
const graphs = Array.from({ length: 8 }, () => generateJob(FAMILIES[0]!, random));

/** Decisions of an episode with exploration, as they would be lived through. */
function lived(exploration: number): Experience[] {
  const network = new WasmNetwork(POLICY_SHAPE);
  network.load(parameters);
  const decisions: Experience[] = [];
  const scheduler = new LiveScheduler({
    ...{ network, exploration, random: seededRandom(3), usualSeconds: () => 10 },
    lived: (decision) => decisions.push(decision),
  });
  const arrivals = poissonArrivals(graphs, 20, seededRandom(4));
  const simulation = new ClusterSimulation({ nodes, arrivals, noise: 0, seed: 5 });
  simulation.run(scheduler);
  expect(simulation.completions).toHaveLength(graphs.length);
  return decisions;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function buffer(bytesPerHour: number, clock = new VirtualClock()) {
  const store = await openStore(await folder());
  const parts = { storage: store.experience, node: 'me', bytesPerHour, random: seededRandom(6), logger: silentLogger };
  return { store, clock, buffer: () => new ExperienceBuffer({ ...parts, clock }) };
}

describe('the learned policy at work', () => {
  it('hands over the decisions that it drew, with the seconds that jobs spent until the next one', () => {
    expect(lived(0)).toEqual([]);
    const all = lived(1);
    expect(all.length).toBeGreaterThan(50);
    for (const { reward, elapsed, logProbability } of all) {
      expect([reward <= 0, elapsed >= 0, logProbability <= 0]).toEqual([true, true, true]);
    }
    const some = lived(0.1);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length / 2);
  });
});

describe('the experience buffer', () => {
  it('keeps batches with numbers that go on after a restart, and gives back what was learned from most', async () => {
    const { buffer: open, store } = await buffer(1e9);
    const decisions = lived(1);
    const first = open();
    for (const decision of decisions.slice(0, 30)) first.add(decision, 1);
    await first.flush(1);
    const second = open();
    for (const decision of decisions.slice(30, 50)) second.add(decision, 2);
    await second.flush(2);
    const rows = store.experience.after(0, 10);
    expect(rows.map(({ node, sequence, version }) => [node, sequence, version])).toEqual([
      ['me', 1, 1],
      ['me', 2, 2],
    ]);
    expect(unpackExperience(rows[1]!.data)).toHaveLength(20);
    await second.learned([
      { id: rows[0]!.id, priority: 0.1 },
      { id: rows[1]!.id, priority: 3 },
    ]);
    expect(second.draw(1, 'prioritised').map(({ id }) => id)).toEqual([rows[1]!.id]);
    expect(second.draw(5, 'plain')).toHaveLength(2);
  });

  it('writes no more in an hour than it may, and counts what it left out', async () => {
    const { buffer: open, store, clock } = await buffer(20_000);
    const experience = open();
    for (const decision of lived(1)) experience.add(decision, 1);
    await experience.flush(1);
    expect(experience.skipped).toBeGreaterThan(0);
    expect(store.experience.size().bytes).toBeLessThanOrEqual(20_000);
    await clock.advance(3600_000);
    for (const decision of lived(1).slice(0, 5)) experience.add(decision, 1);
    await experience.flush(1);
    const sequences = store.experience.after(0, 100).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
});

describe('the shard', () => {
  const jobs = graphs.map(({ tasks }) => [...tasks]);
  const request = {
    kind: 'practise',
    parameters,
    jobs,
    nodes,
    load: 0.7,
    seed: 9,
    amount: { updates: 1, scenarios: 2, rollouts: 2, jobs: 6 },
  } as const;

  it('learns in a thread what it would learn here, to the last bit, and leaves what it was given alone', async () => {
    const before = parameters.slice();
    const worker = new AgentWorker({ share: 1, clock: systemClock });
    cleanups.push(() => worker.stop());
    const there = await worker.teach(request);
    const here = practise(request);
    expect(there.parameters).toEqual(here.parameters);
    expect(there.points).toEqual(here.points);
    expect(there.parameters).not.toEqual(before);
    expect(parameters).toEqual(before);
  }, 60_000);

  it('rests after a lesson for as long as its share of the processor asks, and learns one thing at a time', async () => {
    const clock = new VirtualClock();
    const worker = new AgentWorker({ share: 0.1, clock });
    cleanups.push(() => worker.stop());
    const lesson = worker.teach({ kind: 'learn', parameters, batches: [], seed: 1 });
    expect(worker.isFree).toBe(false);
    await expect(worker.teach(request)).rejects.toThrow('learns already');
    await lesson;
    expect(worker.isFree).toBe(true);
  });

  it('makes a batch that is no experience worth nothing, and learns from the others', async () => {
    const { buffer: open, store } = await buffer(1e9);
    const experience = open();
    for (const decision of lived(1).slice(0, 40)) experience.add(decision, 1);
    await experience.flush(1);
    const [good] = experience.draw(1, 'plain');
    const {
      points,
      priorities,
      parameters: learned,
    } = learn({
      ...{ kind: 'learn', parameters, seed: 1 },
      batches: [good!, { id: 77, data: Buffer.from('nonsense') }],
    });
    expect(points).toHaveLength(1);
    expect(priorities).toEqual([
      { id: good!.id, priority: expect.any(Number) },
      { id: 77, priority: 0 },
    ]);
    expect(learned.every(Number.isFinite)).toBe(true);
    expect(store.experience.size().rows).toBe(1);
  });
});
