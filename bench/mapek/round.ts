// One round: so many links become lossy at once, the loop repairs all of them, and everything is timed. The actions wait
// instead of doing something, as actions that talk to others do; all else is the loop as the daemon runs it.

import { setTimeout as wait } from 'node:timers/promises';
import { Value } from 'typebox/value';
import type { RepairHand } from '../../agents/mapek/action.ts';
import { MapekConfig } from '../../agents/mapek/config.ts';
import { PARLMAPEKExecutor } from '../../agents/mapek/executor.ts';
import { MemoryIncidents, MemoryKnowledge, MemoryQuestions } from '../../agents/mapek/memory-storage.ts';
import type { LoopPhase } from '../../agents/mapek/phase-times.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';

export interface RoundOptions {
  symptoms: number;
  /** Incidents that are repaired at once: 1 is a loop that goes from one to the next. */
  atOnce: number;
  /** Milliseconds that an action waits. */
  actionWaits: number;
  /** Agents and links that are well and report so. */
  calm: number;
}

export interface Round {
  /** From the first word of trouble until the last one was gone. */
  milliseconds: number;
  phases: { phase: LoopPhase; took: number }[];
  /** Milliseconds of processor time an incident, of all threads. */
  processor: number;
  /** Milliseconds of processor time until the first action of the last symptom began: its cycle on a machine of its own. */
  untilBegun: number;
  /** The longest that the event loop was held by one call into the loop. */
  longestCall: number;
}

export async function runRound({ symptoms, atOnce, actionWaits, calm }: RoundOptions): Promise<Round> {
  const phases: Round['phases'] = [];
  let longestCall = 0;
  let untilBegun = 0;
  let used = process.cpuUsage();
  const heal = (subject: string): void => {
    const began = performance.now();
    loop.observe({
      kind: 'event',
      subject,
      event: 'link.lossy.cleared',
      severity: 'info',
      message: 'well',
      at: Date.now(),
    });
    longestCall = Math.max(longestCall, performance.now() - began);
  };
  const hand: RepairHand = {
    precondition: () => true,
    carryOut: async ({ subject }) => {
      await wait(actionWaits);
      heal(subject);
      return 'done';
    },
  };
  let id = 0;
  const loop = new PARLMAPEKExecutor({
    ...{ self: 'bench', clock: systemClock, random: seededRandom(1), logger: silentLogger, newId: () => `i${++id}` },
    config: Value.Parse(MapekConfig, Value.Default(MapekConfig, { atOnce, actionsPerNode: 1000, stormActions: 1000 })),
    hands: { 'link.reset': hand, 'route.avoid': hand },
    storage: { knowledge: new MemoryKnowledge(), incidents: new MemoryIncidents(), questions: new MemoryQuestions() },
    authorizer: { authorize: async () => {} },
    journal: { record: () => {} },
    onPhase: (phase, took) => {
      phases.push({ phase, took });
      if (phase === 'cycle') untilBegun = millisecondsOf(process.cpuUsage(used));
    },
  });
  await loop.start(new AbortController().signal);
  for (let n = 0; n < calm; n++) {
    const at = Date.now();
    loop.depends(`agent/calm${n}`, ['service/mqtt']);
    loop.observe({ kind: 'state', subject: `agent/calm${n}`, state: 'ready', at });
    loop.observe({ kind: 'metric', subject: `link/calm${n}`, metric: 'link.loss', value: 0.01, at });
  }
  // What the preparation left behind is cleared away meanwhile.
  await wait(20);
  phases.length = 0;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const gone = new Set<string>();
  loop.on('incident', ({ id: incident, state }) => {
    if (state === 'watching') gone.add(incident);
    if (gone.size === symptoms) resolve();
  });
  const began = performance.now();
  used = process.cpuUsage();
  for (let n = 0; n < symptoms; n++) {
    const subject = `link/n${n}`;
    loop.observe({
      kind: 'event',
      subject,
      event: 'link.lossy',
      severity: 'warning',
      message: 'lossy',
      at: Date.now(),
    });
  }
  await over;
  const milliseconds = performance.now() - began;
  const processor = millisecondsOf(process.cpuUsage(used)) / symptoms;
  await loop.stop();
  return { milliseconds, phases, longestCall, processor, untilBegun };
}

const millisecondsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
