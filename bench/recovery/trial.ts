// One job, one fault in the midst of it, and what became of it.

import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import type { JobDetailView } from '../../agents/swarm/job-view.ts';
import { type Damage, damageOf, runningOn } from './damage.ts';
import type { Fault } from './faults.ts';
import { AGENTS, type RunningNode, type WorkingNetwork } from './network.ts';

export interface Outcome {
  state: JobDetailView['state'] | 'not ended';
  cause: string | undefined;
  damage: Damage | undefined;
}

/**
 * Tasks side by side. Fewer than the slots that are left after an agent failed, so that none has to wait for another; as many
 * as there are slots where a node is killed, so that it has some: by the time that is noticed the others have ended.
 */
const tasksFor = ({ what }: Fault, nodes: number): number => (what === 'node killed' ? nodes * AGENTS : 10);
const SECONDS = 0.8;
/** An attempt that hangs unseen ends by it, so that the job goes on; no measured one lasts so long. */
const TIMEOUT = 10;
/** What has been done by the time of the fault. */
const BEFORE = { least: 100, spread: 350 };
const TRIES = 3;
const ENDED_WITHIN = 45_000;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Undefined when no job ran where it was to be struck. */
export async function trial(network: WorkingNetwork, fault: Fault, index: number): Promise<Outcome | undefined> {
  const { nodes } = network;
  await network.whole();
  const home = nodes[index % nodes.length]!;
  const struck = await toBeStruck(network, fault, home);
  if (struck === undefined) return undefined;
  const { job: id, victim } = struck;
  const watcher = fault.hits === 'home' ? nodes.find((node) => node !== victim)! : home;
  await sleep(BEFORE.least + ((index * 37) % BEFORE.spread));
  const before = await network.detail(home, id);
  const faultAt = Date.now();
  await fault.strike(network, victim);
  const revived = fault.what === 'node killed' ? reviveWhenOver(network, victim, watcher, id) : undefined;
  const after = await endOf(network, watcher, id);
  await revived;
  if (after === undefined) return { state: 'not ended', cause: undefined, damage: undefined };
  return { state: after.state, cause: after.cause, damage: damageOf(runningOn(before, victim.id), faultAt, after) };
}

function jobOf(fault: Fault, nodes: number): JobSpec {
  const tasks = Array.from({ length: tasksFor(fault, nodes) }, (_, index) => ({
    ...{ id: `t${index}`, ...fault.task(SECONDS), timeout: TIMEOUT },
  }));
  const join = { id: 'join', kind: 'wait', needs: tasks.map(({ id }) => id), input: { seconds: 0.01 }, seconds: 0.01 };
  return { name: `recovery: ${fault.name}`, tasks: [...tasks, join] };
}

/** A job that runs, and a node that works on it. On a busy machine a job may be over before it was seen: then another. */
async function toBeStruck(
  network: WorkingNetwork,
  fault: Fault,
  home: RunningNode,
): Promise<{ job: string; victim: RunningNode } | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { id } = await network.submit(home, jobOf(fault, network.nodes.length));
    for (;;) {
      const detail = await network.detail(home, id);
      const working = network.nodes.filter((node) => runningOn(detail, node.id).length > 0);
      const victim = working.find((node) => (node === home) === (fault.hits === 'home'));
      if (victim !== undefined) return { job: id, victim };
      if (detail.state !== 'running') break;
      await sleep(20);
    }
  }
  return undefined;
}

/** A node comes back once the job is over: what it would do on its return is not measured here. */
async function reviveWhenOver(
  network: WorkingNetwork,
  victim: RunningNode,
  watcher: RunningNode,
  job: string,
): Promise<void> {
  await endOf(network, watcher, job);
  await network.revive(victim);
}

async function endOf(network: WorkingNetwork, watcher: RunningNode, job: string): Promise<JobDetailView | undefined> {
  const end = performance.now() + ENDED_WITHIN;
  while (performance.now() < end) {
    // While a home is being replaced nobody can tell.
    const detail = await network.detail(watcher, job).catch(() => undefined);
    if (detail !== undefined && detail.state !== 'running') return detail;
    await sleep(50);
  }
  return undefined;
}
