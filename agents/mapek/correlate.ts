// Which of the present symptoms are causes, and which only follow from another one. Pure.

import type { Millis } from '../../core/clock.ts';
import type { CoOccurrence } from './co-occurrence.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import type { Fault } from './symptom.ts';

export interface PresentSymptom {
  key: string;
  fault: Fault;
  subject: string;
  /** Monotonic. */
  since: Millis;
}

/** A cause may be noticed so much later than what follows from it: its own probe is slower. */
const LATER: Millis = 30_000;

/** What each may bring about at what depends on it, or on its own subject. What is not named explains nothing. */
const EFFECTS: Readonly<Partial<Record<Fault, readonly Fault[]>>> = {
  'agent-hung': ['agent-slow'],
  'agent-crashed': ['agent-hung', 'agent-slow', 'camera-lost'],
  'task-storm': ['agent-slow', 'agent-hung', 'cpu-hot', 'node-unlike'],
  'link-down': ['link-lossy', 'peer-silent', 'partition', 'agent-crashed', 'camera-lost', 'federation-stalled'],
  'link-lossy': ['node-unlike'],
  'link-flapping': ['link-down', 'link-lossy', 'peer-silent', 'camera-lost', 'node-unlike'],
  partition: ['peer-silent', 'broker-down', 'federation-stalled'],
  'peer-silent': ['link-down', 'link-lossy', 'broker-down', 'federation-stalled', 'service-failed', 'camera-lost'],
  'broker-down': ['agent-crashed', 'agent-hung', 'agent-slow', 'service-failed', 'camera-lost'],
  'disk-full': [
    'store-corrupt',
    'service-failed',
    'agent-crashed',
    'model-broken',
    'federation-stalled',
    'node-unlike',
  ],
  'store-corrupt': ['service-failed', 'agent-crashed'],
  'memory-leak': ['agent-crashed', 'agent-hung', 'agent-slow', 'service-failed', 'model-broken', 'node-unlike'],
  'cpu-hot': ['agent-slow', 'task-storm', 'node-unlike'],
  'under-voltage': ['cpu-hot', 'camera-lost', 'camera-frozen', 'agent-slow', 'link-down', 'node-unlike'],
  'clock-jump': ['agent-hung', 'peer-silent', 'federation-stalled', 'peer-byzantine', 'camera-frozen'],
  'camera-lost': ['camera-frozen', 'camera-covered', 'camera-moved', 'agent-crashed', 'agent-hung'],
  'camera-frozen': ['agent-hung'],
  'model-broken': ['agent-crashed', 'agent-hung', 'service-failed'],
  'service-failed': ['agent-crashed', 'agent-hung', 'agent-slow', 'camera-lost'],
};

/** Tell that something is odd, not what: what is known better explains them whenever it is seen, and they explain nothing. */
const VAGUE: ReadonlySet<Fault> = new Set(['node-unlike']);

/** For each that follows from another one, the key of the cause. Causes are never explained themselves. */
export function correlate(
  present: readonly PresentSymptom[],
  graph: DependencyGraph,
  learned: CoOccurrence,
): Map<string, string> {
  const explained = new Map<string, string>();
  const causesOf = new Map<string, PresentSymptom[]>();
  // Fifty of one kind explain nothing of each other: most of the pairs need no look.
  const faults = [...new Set(present.map(({ fault }) => fault))];
  const isPossible = (effect: Fault): boolean =>
    faults.some((cause) => EFFECTS[cause]?.includes(effect) || learned.explains(cause, effect));
  const effects = new Set(faults.filter(isPossible));
  for (const effect of present) {
    if (!effects.has(effect.fault)) continue;
    causesOf.set(
      effect.key,
      present.filter((cause) => isCause(cause, effect, graph, learned) && !isCauseToo(effect, cause, graph, learned)),
    );
  }
  /** Follows first causes upwards; in a circle, back to the one that began first. */
  const rootOf = (key: string): string => {
    const path = [key];
    for (let at = key; ; ) {
      const next = causesOf.get(at)?.[0]?.key;
      if (next === undefined) return at;
      const circle = path.indexOf(next);
      if (circle >= 0) return first(path.slice(circle));
      path.push(next);
      at = next;
    }
  };
  const sinceOf = new Map(present.map(({ key, since }) => [key, since]));
  const first = (keys: string[]): string =>
    keys.toSorted((a, b) => sinceOf.get(a)! - sinceOf.get(b)! || (a < b ? -1 : 1))[0]!;
  for (const { key } of present) {
    const root = rootOf(key);
    if (root !== key) explained.set(key, root);
  }
  return explained;
}

/** Each could be the cause of the other: then it is the one that began first. */
function isCauseToo(
  effect: PresentSymptom,
  cause: PresentSymptom,
  graph: DependencyGraph,
  learned: CoOccurrence,
): boolean {
  if (effect.since > cause.since || (effect.since === cause.since && effect.key > cause.key)) return false;
  return isCause(effect, cause, graph, learned);
}

function isCause(
  cause: PresentSymptom,
  effect: PresentSymptom,
  graph: DependencyGraph,
  learned: CoOccurrence,
): boolean {
  if (cause.key === effect.key || VAGUE.has(cause.fault)) return false;
  if (VAGUE.has(effect.fault)) return EFFECTS[cause.fault]?.includes(effect.fault) ?? false;
  if (cause.since > effect.since + LATER) return false;
  if (EFFECTS[cause.fault]?.includes(effect.fault)) {
    if (cause.subject === effect.subject || cause.subject === 'node') return true;
    if (graph.dependsOn(effect.subject, cause.subject)) return true;
  }
  return cause.since <= effect.since && learned.explains(cause.fault, effect.fault);
}

/**
 * What several subjects in trouble have in common and would explain them, though nobody said a word of it: at least three,
 * and four in five of all that directly depend on it.
 */
export function commonCauses(
  troubled: ReadonlySet<string>,
  graph: DependencyGraph,
): { subject: string; dependents: string[]; of: number }[] {
  const common = new Set([...troubled].flatMap((subject) => graph.needsOf(subject)));
  return [...common]
    .filter((subject) => !troubled.has(subject) && subject !== 'node')
    .map((subject) => {
      const all = graph.dependentsOf(subject);
      return { subject, dependents: all.filter((one) => troubled.has(one)), of: all.length };
    })
    .filter(({ dependents, of }) => dependents.length >= 3 && dependents.length >= 0.8 * of)
    .toSorted((a, b) => b.dependents.length - a.dependents.length);
}

/** The fault that a common cause of that kind has; undefined where there is none to name. */
export function faultOfCommonCause(subject: string): Fault | undefined {
  if (subject === 'service/mqtt' || subject.startsWith('broker/')) return 'broker-down';
  if (subject.startsWith('service/')) return 'service-failed';
  if (subject.startsWith('peer/')) return 'peer-silent';
  if (subject.startsWith('link/')) return 'link-down';
  return undefined;
}
