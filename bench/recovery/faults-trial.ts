// One fault injected into one node of the network, and what the loop saw and did.

import { setTimeout as sleep } from 'node:timers/promises';
import { type IncidentView, isOver } from '../../agents/mapek/incident.ts';
import type { InjectionView } from '../../daemon/chaos/view.ts';
import { within } from '../rig/processes.ts';
import type { ChaosNetwork } from './faults-network.ts';
import { isConsequence } from './faults-related.ts';
import type { RunningNode } from './network.ts';

export interface FaultOutcome {
  fault: string;
  /** Seconds from the injection until an incident of that fault was opened anywhere; undefined when none was. */
  detected: number | undefined;
  /** Seconds until it did no harm any more while its cause still was to last; undefined when it did until the end. */
  recovered: number | undefined;
  actions: string[];
  /** Actions on what the fault did not touch. */
  wrong: string[];
  /** Whether what helped was chosen by what was learned. */
  isLearned: boolean;
}

export interface TrialOptions {
  /** Most seconds that a fault lasts here. */
  seconds: number;
  /** Without the loop nothing is waited for but the end of the harm. */
  hasLoop: boolean;
}

/** What is set forward by `clock-jump`: times that the node says meanwhile are later by it. */
const JUMP = 45_000;
const LOOK_EVERY = 200;
/** What is asked once more at the end, on a machine that may be busy. */
const LAST_WORD_WITHIN = 15_000;
/** After the fault is over, for the network to be as it was. */
const SETTLED_WITHIN = 40_000;

/** Undefined where no node of the network can have it. */
export async function faultTrial(
  network: ChaosNetwork,
  fault: string,
  index: number,
  { seconds, hasLoop }: TrialOptions,
): Promise<FaultOutcome | undefined> {
  await settled(network);
  const place = await placeOf(network, fault, index);
  if (place === undefined) return undefined;
  const { victim, lasts } = place;
  const began = Date.now();
  const injection = await network.inject(victim, fault, place.target, Math.min(seconds, lasts));
  let now: InjectionView = injection;
  let incidents: IncidentView[] = [];
  for (;;) {
    await sleep(LOOK_EVERY);
    // A node that is stopped says nothing.
    now = (await viewOf(network, victim, injection.id)) ?? now;
    incidents = await network.incidents(began);
    const isSeen = !hasLoop || incidents.some((incident) => isOf(incident, injection, victim));
    if (now.endedAt !== undefined || (now.goneAt !== undefined && isSeen)) break;
    if (Date.now() > injection.endsAt + 10_000) break;
  }
  // The last action may still be under way.
  await sleep(500);
  incidents = await network.incidents(began, LAST_WORD_WITHIN);
  now = (await viewOf(network, victim, injection.id, LAST_WORD_WITHIN)) ?? now;
  await network.calm(victim);
  return outcomeOf(fault, injection, now, victim, incidents);
}

function outcomeOf(
  fault: string,
  injection: InjectionView,
  last: InjectionView,
  victim: RunningNode,
  incidents: readonly IncidentView[],
): FaultOutcome {
  const { startedAt } = injection;
  const after = (at: number): number =>
    Math.max(0, at - startedAt - (isJumped(fault, at - startedAt) ? JUMP : 0)) / 1000;
  const seen = incidents.filter((incident) => isOf(incident, injection, victim));
  const first = Math.min(...seen.map(({ seenAt }) => after(seenAt)));
  const steps = incidents.flatMap((incident) =>
    incident.steps
      .filter(({ action }) => action !== 'operator.ask')
      .map((step) => ({ incident, text: `${step.action} on ${incident.subject}: ${step.outcome}`, step })),
  );
  return {
    fault,
    detected: Number.isFinite(first) ? first : undefined,
    recovered: last.goneAt === undefined ? undefined : after(last.goneAt),
    actions: steps.map(({ text }) => text),
    wrong: steps.filter(({ incident }) => !isConsequence(injection, victim.id, incident)).map(({ text }) => text),
    isLearned: steps.some(({ step }) => step.outcome === 'helped' && step.reason.startsWith('learned')),
  };
}

const isJumped = (fault: string, ms: number): boolean => fault === 'clock-jump' && ms >= JUMP;

const isOf = (incident: IncidentView, injection: InjectionView, victim: RunningNode): boolean =>
  incident.fault === injection.fault && isConsequence(injection, victim.id, incident);

/** The next node, in turns, that can have the fault. */
async function placeOf(
  network: ChaosNetwork,
  fault: string,
  index: number,
): Promise<{ victim: RunningNode; target: string | undefined; lasts: number } | undefined> {
  const { nodes } = network;
  for (let turn = 0; turn < nodes.length; turn++) {
    const victim = nodes[(index + turn) % nodes.length]!;
    const known = (await network.chaos(victim)).faults.find(({ name }) => name === fault);
    if (known === undefined || known.targets.length === 0) continue;
    const target = known.targets[Math.floor(index / nodes.length + index) % known.targets.length];
    return { victim, target: fault === 'partition' ? 'all' : target, lasts: known.lastsSeconds };
  }
  return undefined;
}

async function viewOf(
  network: ChaosNetwork,
  victim: RunningNode,
  id: string,
  patience = 2_000,
): Promise<InjectionView | undefined> {
  const view = await within(patience, network.chaos(victim));
  return view && [...view.running, ...view.past].find((one) => one.id === id);
}

/** Waits until nothing is injected or being repaired; what people are asked stays open, and is left so. */
async function settled(network: ChaosNetwork): Promise<void> {
  const end = Date.now() + SETTLED_WITHIN;
  while (Date.now() < end) {
    const incidents = await network.incidents(0);
    if (!incidents.some((incident) => !isOver(incident) && incident.state !== 'asked')) break;
    await sleep(LOOK_EVERY);
  }
  await network.readmit();
  await network.whole();
}
