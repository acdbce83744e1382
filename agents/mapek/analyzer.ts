// Analyze: signals in, symptoms out, one a cause. It believes no single reading, no peer alone, and no number that cannot
// be; what a known cause explains waits for that cause to be repaired. Pure but for what it remembers: time is handed in.

import type { Millis } from '../../core/clock.ts';
import { nameOf } from './action-catalogue.ts';
import {
  type Case,
  confidenceOf,
  hear,
  isSeenWell,
  isWorthACase,
  newCase,
  sentencesOf,
  settle,
  severityOfCase,
} from './case.ts';
import { CoOccurrence } from './co-occurrence.ts';
import { commonCauses, correlate, faultOfCommonCause } from './correlate.ts';
import { DependencyGraph } from './dependency-graph.ts';
import { cut, MOST } from './incident.ts';
import { ruleOf, rulesFor } from './rules/all.ts';
import { RAISE, type Rule } from './rules/rule.ts';
import { flawOf, METRICS, type Signal } from './signal.ts';
import { type Fault, type Symptom, symptomKey } from './symptom.ts';

export type Finding =
  /** A cause that nothing else explains: what the loop works on. Again when it became worse or surer. */
  | { kind: 'raised' | 'changed'; symptom: Symptom }
  /** It is over: seen to be well, or not heard of any more; the first may still come after the second. */
  | { kind: 'over'; key: string; how: 'well' | 'faded' }
  /** It was raised and turned out to follow from another one. */
  | { kind: 'explained'; key: string; by: string };

const MOST_CASES = 2_000;
const MOST_FACTS = 2_000;
/** What a cause explained has so long to recover by itself after it. */
const GRACE: Millis = 10_000;
/** Onsets within the last hour make `often` of the context: 1 - exp(-n / 3). */
const HOUR: Millis = 3_600_000;
const MOST_ONSETS = 32;
/** All cases are gone through at most so often. */
const SWEEP: Millis = 1_000;
const NONE: readonly string[] = [];

interface Told {
  severity: number;
  explains: number;
}

export class Analyzer {
  readonly graph = new DependencyGraph();
  readonly learned = new CoOccurrence();
  readonly #cases = new Map<string, Case>();
  /** What the executor knows of, by key. */
  readonly #told = new Map<string, Told>();
  /** Effect to cause. */
  readonly #explainedBy = new Map<string, string>();
  /** When what was explained may be raised by itself. */
  readonly #grace = new Map<string, Millis>();
  readonly #facts = new Map<string, Record<string, number>>();
  readonly #onsets = new Map<string, Millis[]>();
  readonly #ignored = new Map<string, number>();
  /** Causes that nobody named, concluded from what they have in common. */
  readonly #inferred = new Map<
    string,
    { fault: Fault; subject: string; since: Millis; dependents: string[]; of: number }
  >();
  /** Cases that are symptoms now, by key. */
  readonly #raised = new Map<string, Case>();
  /** Keys of which something new was heard since the last conclusion. */
  readonly #fresh = new Set<string>();
  /** Seen to be well after they were over because nothing was heard of them. */
  readonly #seenWell = new Set<string>();
  /** Cases that only need time to be told. */
  readonly #forming = new Set<Case>();
  readonly #newSuspects = new Set<string>();
  #sweptAt: Millis = Number.NEGATIVE_INFINITY;

  /** Signals that were not used, by why. */
  get ignored(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#ignored);
  }

  /** Facts of a subject for the choice of action, 0 to 1: `{ usb: 1 }` of a camera. */
  know(subject: string, facts: Readonly<Record<string, number>>): void {
    if (!this.#facts.has(subject) && this.#facts.size >= MOST_FACTS) return;
    this.#facts.set(subject, { ...this.#facts.get(subject), ...facts });
  }

  /** Weighs a signal and says at once what follows. */
  observe(heard: Signal, now: Millis, wall: Millis): Finding[] {
    return this.weigh(heard, now, wall) ? this.conclude(now, wall) : [];
  }

  /**
   * Weighs a signal; true when `conclude` may find something new.
   * @param wall this node's wall clock, by which words of others are judged
   */
  weigh(heard: Signal, now: Millis, wall: Millis): boolean {
    const flaw = flawOf(heard, wall);
    if (flaw !== undefined) {
      this.#ignored.set(flaw, (this.#ignored.get(flaw) ?? 0) + 1);
      return false;
    }
    const signal = aboutLink(heard);
    if (signal.kind === 'metric' && signal.from === undefined) this.#keepReading(signal.subject, signal);
    let changed = false;
    for (const rule of rulesFor(signal)) {
      const of = this.#caseOf(rule, signal);
      if (of === undefined) continue;
      const [confidence, severity] = [confidenceOf(of, now), severityOfCase(of)];
      hear(of, signal, now);
      const isOther = confidenceOf(of, now) !== confidence || severityOfCase(of) !== severity;
      if (of.state.kind === 'raised' && isOther) {
        changed = true;
        this.#fresh.add(of.key);
      }
      changed = this.#settle(of, now) || changed;
    }
    return changed;
  }

  /** What time alone changes. */
  tick(now: Millis, wall: Millis): Finding[] {
    if (now - this.#sweptAt < SWEEP) {
      for (const of of [...this.#forming]) this.#settle(of, now);
      return this.conclude(now, wall);
    }
    this.#sweptAt = now;
    for (const [key, of] of this.#cases) {
      this.#settle(of, now);
      if (of.state.kind === 'quiet' && of.clues.size === 0) this.#cases.delete(key);
    }
    return this.conclude(now, wall);
  }

  /**
   * When to call `tick` next, monotonic; undefined when nothing waits to be told. What is not heard any more is found when
   * `tick` is called once a second or so.
   */
  dueAt(): Millis | undefined {
    let due: Millis | undefined;
    const until = [...this.#grace.values()];
    for (const { state, rule } of this.#forming) if (state.kind === 'forming') until.push(state.since + rule.steadyFor);
    for (const at of until) if (due === undefined || at < due) due = at;
    return due;
  }

  /** Subjects of which something began to form since the last call: `dueAt` is another one then. */
  takeNewSuspects(): string[] {
    const suspects = [...this.#newSuspects];
    this.#newSuspects.clear();
    return suspects;
  }

  /** Whether it counts as there now. */
  isPresent(key: string): boolean {
    return this.#cases.get(key)?.state.kind === 'raised' || this.#inferred.has(key);
  }

  /** Whether it is over because something says that it is well. */
  isSeenWell(key: string): boolean {
    const of = this.#cases.get(key);
    return of !== undefined && of.state.kind !== 'raised' && of.state.kind !== 'forming' && isSeenWell(of);
  }

  /** Subjects that something is wrong with, or may be: those are looked at more often. */
  suspects(): string[] {
    return [...this.#forming, ...this.#raised.values()].map(({ subject }) => subject);
  }

  #settle(of: Case, now: Millis): boolean {
    const change = settle(of, now);
    const { key } = of;
    if (of.state.kind === 'raised') this.#raised.set(key, of);
    else this.#raised.delete(key);
    if (of.state.kind !== 'forming') {
      this.#forming.delete(of);
    } else if (!this.#forming.has(of)) {
      this.#forming.add(of);
      this.#newSuspects.add(of.subject);
    }
    if (change === 'raised') this.#noteOnset(of, now);
    if (change === 'seen-well') this.#seenWell.add(key);
    return change !== undefined;
  }

  #noteOnset({ key, rule }: Case, now: Millis): void {
    this.learned.began(key, rule.fault, now);
    const onsets = (this.#onsets.get(key) ?? []).filter((at) => now - at < HOUR).slice(-MOST_ONSETS);
    onsets.push(now);
    this.#onsets.delete(key);
    this.#onsets.set(key, onsets);
    if (this.#onsets.size > MOST_CASES) this.#onsets.delete(this.#onsets.keys().next().value!);
  }

  /**
   * Undefined where there are too many, and where a word against a fault comes before any word for it; but that what others
   * need is well is remembered, so that it is not suspected for their trouble.
   */
  #caseOf(rule: Rule, signal: Signal): Case | undefined {
    const key = symptomKey({ fault: rule.fault, subject: signal.subject });
    const known = this.#cases.get(key);
    if (known !== undefined) return known;
    if (!this.graph.isNeeded(signal.subject) && !isWorthACase(rule, signal)) return undefined;
    if (this.#cases.size >= MOST_CASES) {
      for (const [other, { state }] of this.#cases) {
        if (state.kind !== 'quiet') continue;
        this.#cases.delete(other);
        break;
      }
      if (this.#cases.size >= MOST_CASES) {
        this.#ignored.set('too-many', (this.#ignored.get('too-many') ?? 0) + 1);
        return undefined;
      }
    }
    const of = newCase(rule, signal.subject);
    this.#cases.set(key, of);
    return of;
  }

  #keepReading(subject: string, { metric, value }: Signal & { kind: 'metric' }): void {
    const [least, most] = METRICS[metric];
    // What has no natural most is told on a scale on which 10 is a half.
    const share = most <= 1 ? value : most <= 150 ? (value - least) / (most - least) : value / (value + 10);
    this.know(subject, { [metric]: Math.min(1, Math.max(0, share)) });
  }

  /** What is new since the last time: causes first, then what turned out to follow from them. */
  conclude(now: Millis, wall: Millis): Finding[] {
    const present = this.#present(now);
    const byKey = new Map(present.map((symptom) => [symptom.key, symptom]));
    const explained = correlate(present, this.graph, this.learned);
    const effectsOf = Map.groupBy(explained.keys(), (effect) => explained.get(effect)!);
    const findings: Finding[] = [];
    for (const key of [...this.#told.keys()]) {
      if (byKey.has(key)) continue;
      this.#told.delete(key);
      findings.push({ kind: 'over', key, how: this.#endOf(key) });
    }
    for (const key of this.#seenWell) if (!byKey.has(key)) findings.push({ kind: 'over', key, how: 'well' });
    this.#seenWell.clear();
    this.#keepGrace(explained, byKey, now);
    for (const { key } of present) {
      const cause = explained.get(key);
      if (cause !== undefined) {
        if (this.#told.delete(key)) findings.push({ kind: 'explained', key, by: cause });
        continue;
      }
      if ((this.#grace.get(key) ?? now) > now) continue;
      const told = this.#told.get(key);
      const effects = effectsOf.get(key) ?? NONE;
      const isSame = told !== undefined && !this.#fresh.has(key) && told.explains === effects.length;
      if (isSame && !this.#inferred.has(key)) continue;
      const symptom = this.#symptomOf(key, effects, now, wall);
      const tells = { severity: symptom.severity, explains: effects.length };
      if (told !== undefined && Math.abs(told.severity - tells.severity) < 0.1 && told.explains === tells.explains)
        continue;
      this.#told.set(key, tells);
      findings.push({ kind: told === undefined ? 'raised' : 'changed', symptom });
    }
    this.#fresh.clear();
    // Causes first: what follows from them is told to be theirs once they are known.
    const order = ['over', 'raised', 'changed', 'explained'];
    return findings.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  }

  /** What was explained until now, and whose cause is over, gets some time to recover by itself. */
  #keepGrace(explained: Map<string, string>, byKey: Map<string, unknown>, now: Millis): void {
    for (const key of this.#explainedBy.keys()) {
      if (explained.has(key)) continue;
      this.#explainedBy.delete(key);
      if (byKey.has(key)) this.#grace.set(key, now + GRACE);
    }
    for (const [key, cause] of explained) this.#explainedBy.set(key, cause);
    for (const [key, until] of this.#grace) if (until <= now || !byKey.has(key)) this.#grace.delete(key);
  }

  #present(now: Millis): { key: string; fault: Fault; subject: string; since: Millis }[] {
    const present = [...this.#raised].map(([key, { rule, subject, state }]) => ({
      ...{ key, fault: rule.fault, subject },
      since: state.kind === 'raised' ? state.since : now,
    }));
    const known = new Set(present.map(({ subject }) => subject));
    const sofar = new Map(this.#inferred);
    this.#inferred.clear();
    for (const { subject, dependents, of } of commonCauses(known, this.graph)) {
      const fault = faultOfCommonCause(subject);
      if (fault === undefined) continue;
      const key = symptomKey({ fault, subject });
      const case_ = this.#cases.get(key);
      // Who says that it is well knows better than a guess.
      if (case_ !== undefined && isSeenWell(case_)) continue;
      const since = sofar.get(key)?.since ?? now;
      this.#inferred.set(key, { fault, subject, since, dependents, of });
      present.push({ key, fault, subject, since });
    }
    return present;
  }

  #endOf(key: string): 'well' | 'faded' {
    const of = this.#cases.get(key);
    // An inferred cause is over because what it explained is well again.
    return of === undefined || isSeenWell(of) ? 'well' : 'faded';
  }

  #symptomOf(key: string, effects: readonly string[], now: Millis, wall: Millis): Symptom {
    const explains = [...new Set(effects.map((effect) => effect.slice(effect.indexOf('@') + 1)))].slice(
      0,
      MOST.explains,
    );
    const inferred = this.#inferred.get(key);
    if (inferred !== undefined) {
      const { fault, subject, dependents, of, since } = inferred;
      const share = dependents.length / of;
      const sentence = `${dependents.length} of ${of} that need ${subject} are in trouble: ${dependents.slice(0, 6).join(', ')}`;
      return {
        ...{ fault, subject, confidence: Math.max(RAISE, 0.9 * share), severity: share, explains },
        ...{ since: wall - (now - since), cause: causeInWords(fault, subject), evidence: [cut(sentence)] },
        context: this.#contextOf(key, fault, subject, share, now),
      };
    }
    const of = this.#cases.get(key)!;
    const { rule, subject, state } = of;
    const severity = severityOfCase(of);
    const evidence = sentencesOf(of).slice(0, MOST.evidence);
    return {
      ...{ fault: rule.fault, subject, severity, explains, evidence, confidence: confidenceOf(of, now) },
      since: wall - (state.kind === 'raised' ? now - state.since : 0),
      cause: causeInWords(rule.fault, subject, evidence[0]),
      context: this.#contextOf(key, rule.fault, subject, severity, now),
    };
  }

  #contextOf(key: string, fault: Fault, subject: string, severity: number, now: Millis): Record<string, number> {
    const recent = (this.#onsets.get(key) ?? []).filter((at) => now - at < HOUR).length;
    const context: Record<string, number> = { severity, often: 1 - Math.exp(-Math.max(0, recent - 1) / 3) };
    const [own, node] = [this.#facts.get(subject), this.#facts.get('node')];
    for (const name of ruleOf(fault).context ?? []) context[name] = own?.[name] ?? node?.[name] ?? 0;
    return context;
  }
}

const causeInWords = (fault: Fault, subject: string, seen = ''): string =>
  cut(
    ruleOf(fault)
      .cause.replace('{name}', () => nameOf(subject))
      .replace('{seen}', () => seen),
  );

/** The mesh tells of links by their peers. */
function aboutLink(signal: Signal): Signal {
  if (signal.kind !== 'event' || !signal.event.startsWith('link.') || !signal.subject.startsWith('peer/'))
    return signal;
  return { ...signal, subject: `link/${signal.subject.slice('peer/'.length)}` };
}
