// What the loop hears: journal entries, states, readings and anomaly scores, of this node and of others. Nothing of it is
// believed at once; the rules weigh it.

import type { Millis } from '../../core/clock.ts';
import type { Severity } from '../../core/journal.ts';

interface Heard {
  /** What it is about: `agent/checker-1`, `link/<node>`, `peer/<node>`, `camera/north`, `service/mqtt`, `node`. */
  subject: string;
  /** Milliseconds since 1970 by the clock of whoever says it. */
  at: Millis;
  /** Id of the node that says it; left out when this one saw it itself. */
  from?: string;
}

export type Signal = Heard &
  (
    | /** An entry of the journal. */ { kind: 'event'; event: string; severity: Severity; message: string }
    /** How something is by its own word or its supervisor's: see the rules for the words that are understood. */
    | { kind: 'state'; state: string; message?: string }
    /** A reading of a probe: the names and their ranges are in `METRICS`. */
    | { kind: 'metric'; metric: MetricName; value: number }
    /** An anomaly score with its explanation in one sentence. */
    | { kind: 'score'; metric: string; score: number; why: string }
  );

/** Readings that rules understand, with the range outside of which a value is a lie. */
export const METRICS = {
  /** Seconds since the last heartbeat of an agent, less the gap that it announced. */
  'agent.silence': [0, 1e6],
  /** Median time that an agent or service takes for a thing, in times of what it usually took. */
  'agent.slowness': [0, 1e4],
  /** Tasks waiting for each place that works. */
  'tasks.waiting': [0, 1e7],
  /** Share of probes lost. */
  'link.loss': [0, 1],
  /** Times that a link fell within the last minute. */
  'link.falls': [0, 1e4],
  /** Share of the members of the network that can be reached. */
  'members.reachable': [0, 1],
  /** Seconds since a peer was heard. */
  'peer.silence': [0, 1e7],
  /** Share of the disk, and of memory, that is still free. */
  'disk.free': [0, 1],
  'memory.free': [0, 1],
  /** Growth of what a process or the node uses, as share of memory an hour, by a robust slope. */
  'memory.growth': [-10, 100],
  /** Degrees Celsius. */
  'cpu.temperature': [-60, 150],
  /** 0 or 1, by the firmware. */
  'cpu.throttled': [0, 1],
  'power.under-voltage': [0, 1],
  /** Seconds by which the wall clock moved against the monotonic one. */
  'clock.step': [-1e10, 1e10],
  /** Seconds since the last new picture; since one that differs from the one before. */
  'camera.silence': [0, 1e7],
  'camera.still': [0, 1e7],
  /** Likelihood that the view is covered, and that it moved. */
  'camera.covered': [0, 1],
  'camera.moved': [0, 1],
  /** Share of the last runs of a model that failed. */
  'model.failures': [0, 1],
  /** Seconds that a round is late. */
  'federation.late': [0, 1e8],
  /** Cost of work under the present policy in times of the one before. */
  'policy.cost': [0, 1e4],
  /** 0 or 1: whether a service answers its probe. */
  'service.answers': [0, 1],
} as const satisfies Record<string, readonly [number, number]>;
export type MetricName = keyof typeof METRICS;

/** A clock may be this far ahead; a word may be this old. */
const MOST_AHEAD: Millis = 60_000;
const MOST_AGE: Millis = 120_000;
const SUBJECT = /^[a-z][a-z0-9-]{0,30}(\/[^\s/][^\s]{0,160})?$/;

/** Undefined when a signal may be used, else why not: one word, the label of a metric. */
export function flawOf(
  signal: Signal,
  wall: Millis,
): 'from-future' | 'too-old' | 'impossible' | 'nameless' | undefined {
  if (!SUBJECT.test(signal.subject)) return 'nameless';
  if (!Number.isFinite(signal.at)) return 'impossible';
  // Own readings carry this node's clock, which may be what jumped: they are of now whatever they say.
  if (signal.from !== undefined) {
    if (signal.at > wall + MOST_AHEAD) return 'from-future';
    if (signal.at < wall - MOST_AGE) return 'too-old';
  }
  if (signal.kind === 'score') return signal.score >= 0 && signal.score <= 1 ? undefined : 'impossible';
  if (signal.kind !== 'metric') return undefined;
  const [least, most] = METRICS[signal.metric] ?? [1, 0];
  return signal.value >= least && signal.value <= most ? undefined : 'impossible';
}
