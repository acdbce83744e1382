// One suspicion: what was heard for and against one fault of one subject, how sure that makes it, and whether it counts as
// a symptom by now. Pure.

import type { Millis } from '../../core/clock.ts';
import { CALM, type HysteresisState, observe } from '../hysteresis.ts';
import { nameOf } from './action-catalogue.ts';
import { cut } from './incident.ts';
import {
  CLEAR,
  PEER_WORD,
  RAISE,
  type Rule,
  type Strength,
  severityOf,
  valueInWords,
  WORD_LASTS,
} from './rules/rule.ts';
import type { Signal } from './signal.ts';
import { symptomKey } from './symptom.ts';

interface Clue {
  strength: Strength;
  severity: number;
  sentence: string;
  heardAt: Millis;
  /** Monotonic; it counts no longer. */
  until: Millis;
  isOwn: boolean;
  hysteresis: HysteresisState;
}

/** `since` is monotonic. */
export type CaseState =
  | { kind: 'quiet' }
  | { kind: 'forming'; since: Millis }
  | { kind: 'raised'; since: Millis }
  /** Over, and told so; back within `calmFor` it is raised at once. */
  | { kind: 'calming'; since: Millis; isSeenWell: boolean };

/** `seen-well`: what was over because nothing was heard of it is seen to be well after all. */
export type CaseChange = 'raised' | 'over-well' | 'over-faded' | 'seen-well' | undefined;

export interface Case {
  /** Of the symptom that it may become. */
  readonly key: string;
  readonly rule: Rule;
  readonly subject: string;
  state: CaseState;
  readonly clues: Map<string, Clue>;
}

const MOST_CLUES = 16;
const SEVERITY_OF_WORDS = 0.5;

export const newCase = (rule: Rule, subject: string): Case => ({
  ...{ key: symptomKey({ fault: rule.fault, subject }), rule, subject },
  ...{ state: { kind: 'quiet' }, clues: new Map() },
});

/** The clue that a signal is for a rule: its strength, and since when. Repeated readings go through their hysteresis. */
export function hear(of: Case, signal: Signal, now: Millis): void {
  const { rule } = of;
  // A peer's word in its own favour is worth nothing: it may be what lies. A score only ever speaks against it.
  if (signal.kind !== 'score' && signal.from !== undefined && signal.subject === `peer/${signal.from}`) return;
  const isOwn = signal.from === undefined;
  const witness = `${signal.from ?? ''} ${witnessOf(signal)}`;
  const before = of.clues.get(witness);
  const clue = readClue(rule, signal, before?.hysteresis ?? CALM);
  if (clue === undefined) return;
  of.clues.delete(witness);
  if (of.clues.size >= MOST_CLUES) of.clues.delete(of.clues.keys().next().value!);
  const until = now + (signal.kind === 'metric' || signal.kind === 'score' ? rule.readingsLast : WORD_LASTS);
  const sentence = cut(clue.sentence);
  of.clues.set(witness, {
    ...clue,
    sentence,
    strength: clue.strength * (isOwn ? 1 : PEER_WORD),
    heardAt: now,
    until,
    isOwn,
  });
}

/** Whether a first word of a subject is worth remembering for a rule: what says that all is well is not. */
export function isWorthACase(rule: Rule, signal: Signal): boolean {
  const clue = readClue(rule, signal, CALM);
  return clue !== undefined && (clue.strength > 0 || clue.hysteresis.streak > 0);
}

/** States and entries of the journal that speak of the same take each other's place. */
function witnessOf(signal: Signal): string {
  switch (signal.kind) {
    case 'metric':
    case 'score':
      return `${signal.kind} ${signal.metric}`;
    case 'state':
    case 'event':
      return 'word';
  }
}

function readClue(
  { metrics, states, events, scores }: Rule,
  signal: Signal,
  before: HysteresisState,
): Pick<Clue, 'strength' | 'severity' | 'sentence' | 'hysteresis'> | undefined {
  const name = nameOf(signal.subject);
  const word = { severity: SEVERITY_OF_WORDS, hysteresis: CALM };
  switch (signal.kind) {
    case 'state': {
      const strength = states?.[signal.state];
      return strength === undefined
        ? undefined
        : { ...word, strength, sentence: signal.message ?? `${signal.subject} is ${signal.state}` };
    }
    case 'event': {
      const strength = events?.[signal.event];
      return strength === undefined ? undefined : { ...word, strength, sentence: signal.message };
    }
    case 'score': {
      const { weight = 0, severity = 0, against = 0 } = scores ?? {};
      const strength = signal.score > 0 ? signal.score * weight : -against;
      return { ...word, strength, severity, sentence: signal.why };
    }
    case 'metric': {
      const clue = metrics?.[signal.metric];
      if (clue === undefined) return undefined;
      // A clock that went back moved as well.
      const value = signal.metric === 'clock.step' ? Math.abs(signal.value) : signal.value;
      const hysteresis = observe(before, value, clue);
      // Readings that begin to speak for a change neither raise nor clear by themselves.
      const strength = hysteresis.raised ? clue.strength : hysteresis.streak > 0 ? 0 : -clue.strength;
      const sentence = clue.sentence.replace('{name}', name).replace('{value}', valueInWords(value, clue.unit));
      return { strength, severity: severityOf(value, clue), sentence, hysteresis };
    }
  }
}

/**
 * What is heard for it is joined as if each witness erred on its own (noisy or), and so is what speaks against it:
 * confidence = (1 - Π(1 - s⁺)) · Π(1 - |s⁻|). Without anything seen by this node it stays below `RAISE`.
 */
export function confidenceOf({ clues }: Case, now: Millis): number {
  let noneRight = 1;
  let noneAgainst = 1;
  let ownFor = false;
  for (const { strength, until, isOwn } of clues.values()) {
    if (until <= now) continue;
    if (strength > 0) noneRight *= 1 - strength;
    else noneAgainst *= 1 + strength;
    ownFor ||= isOwn && strength > 0;
  }
  const confidence = (1 - noneRight) * noneAgainst;
  return ownFor ? confidence : Math.min(confidence, RAISE - 0.05);
}

/** Takes the case on to `now`; says what that makes of the symptom. */
export function settle(of: Case, now: Millis): CaseChange {
  for (const [witness, { until }] of of.clues) if (until <= now) of.clues.delete(witness);
  const confidence = confidenceOf(of, now);
  const { rule, state } = of;
  switch (state.kind) {
    case 'quiet':
      if (confidence < RAISE) return undefined;
      of.state = { kind: 'forming', since: now };
      return rule.steadyFor === 0 ? settle(of, now) : undefined;
    case 'forming':
      if (confidence < RAISE) of.state = { kind: 'quiet' };
      else if (now - state.since >= rule.steadyFor) {
        of.state = { kind: 'raised', since: state.since };
        return 'raised';
      }
      return undefined;
    case 'raised':
      if (confidence > CLEAR) return undefined;
      of.state = { kind: 'calming', since: now, isSeenWell: isSeenWell(of) };
      return of.state.isSeenWell ? 'over-well' : 'over-faded';
    case 'calming':
      if (confidence >= RAISE) {
        of.state = { kind: 'raised', since: now };
        return 'raised';
      }
      if (!state.isSeenWell && isSeenWell(of)) {
        of.state = { ...state, isSeenWell: true };
        return 'seen-well';
      }
      if (now - state.since >= rule.calmFor) of.state = { kind: 'quiet' };
      return undefined;
  }
}

/** Something says that it is well, and not only that nothing is heard any more. */
export const isSeenWell = ({ clues }: Case): boolean => [...clues.values()].some(({ strength }) => strength < 0);

export const severityOfCase = ({ clues }: Case): number =>
  Math.max(0, ...[...clues.values()].filter(({ strength }) => strength > 0).map(({ severity }) => severity));

/** The newest first. */
export function sentencesOf({ clues }: Case): string[] {
  return [...clues.values()]
    .filter(({ strength }) => strength > 0)
    .toSorted((a, b) => b.heardAt - a.heardAt)
    .map(({ sentence }) => sentence);
}
