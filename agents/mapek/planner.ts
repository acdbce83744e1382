// Plan: which actions of a fault's ladder are tried on a symptom, in which order, which at once, and what people are
// offered. From the ladder while little is known, from what was learned after that; never anything that is not on it.

import type { RepairAction } from './action.ts';
import { type ActionName, specOf } from './action-catalogue.ts';
import { priorOf, type RepairBandit } from './bandit.ts';
import { LADDERS } from './ladder.ts';
import { type Candidate, expectedSeconds, optimise, SECONDS_OF_PEOPLE } from './mttr-optimizer.ts';
import type { Symptom } from './symptom.ts';

export interface PlannedAction {
  action: ActionName;
  /** Why this one at this place, with numbers. */
  reason: string;
}

export interface Plan {
  by: 'ladder' | 'learned' | 'people';
  /** One after the other; those within one at once. */
  waves: PlannedAction[][];
  /** What people may approve when nothing helped: actions that ask first. */
  offers: ActionName[];
  /** Why actions of the ladder are not in it. */
  leftOut: { action: ActionName; why: string }[];
  /** Expected, priced seconds by which it cuts the time to recover against waiting for people. */
  cut: number;
}

export interface PlanningParts {
  actions: ReadonlyMap<ActionName, RepairAction>;
  /** Left out: the fixed ladder. */
  bandit?: RepairBandit;
}

const MOST_OFFERS = 4;

/** Never throws, whatever the bandit does: then it is the fixed ladder. */
export function plan(symptom: Symptom, tried: ReadonlySet<ActionName>, { actions, bandit }: PlanningParts): Plan {
  const { fault, subject } = symptom;
  const leftOut: Plan['leftOut'] = [];
  const offers: ActionName[] = [];
  const usable: ActionName[] = [];
  for (const action of LADDERS[fault]) {
    if (action === 'operator.ask') continue;
    const known = actions.get(action);
    const may = tried.has(action) ? 'it was tried in this incident' : (known?.precondition(symptom) ?? 'unknown here');
    if (may !== true) leftOut.push({ action, why: may });
    else if (known?.asksFirst === true) offers.push(action);
    else usable.push(action);
  }
  const learned = bandit && learnedPlan(symptom, usable, bandit);
  const waves = learned ?? optimise(usable.map(byPrior), subject, { keepOrder: true });
  const by = learned === undefined ? 'ladder' : 'learned';
  const reason = ({ action, success, secondsIfHelps }: Candidate): string =>
    by === 'ladder'
      ? `step ${LADDERS[fault].indexOf(action) + 1} of the ladder of ${fault}`
      : `learned: helps ${Math.round(success * 100)} % of the time, in ${Number(secondsIfHelps.toPrecision(2))} s`;
  return {
    ...{ by, offers: offers.slice(0, MOST_OFFERS), leftOut },
    waves: waves.map((wave) => wave.map((one) => ({ action: one.action, reason: reason(one) }))),
    cut: SECONDS_OF_PEOPLE - expectedSeconds(waves),
  };
}

/** Undefined while too little is known, or when the bandit fails. */
function learnedPlan(symptom: Symptom, usable: readonly ActionName[], bandit: RepairBandit): Candidate[][] | undefined {
  const { fault, subject, context } = symptom;
  try {
    if (usable.length < 2 || !bandit.isReady(fault)) return undefined;
    const candidates = (kind: 'mean' | 'sample'): Candidate[] =>
      usable.map((action) => {
        const { success, seconds } = bandit[kind](fault, action, context);
        return { ...byPrior(action), success, secondsIfHelps: Math.min(seconds, secondsIfNot(action)) };
      });
    const waves = optimise(candidates('sample'), subject);
    const [first, best] = [waves[0]?.[0]?.action, optimise(candidates('mean'), subject)[0]?.[0]?.action];
    if (first !== undefined && first !== best) bandit.noteExploration(first);
    return waves;
  } catch {
    return undefined;
  }
}

const secondsIfNot = (action: ActionName): number => specOf(action).verifyWithin / 1000;

function byPrior(action: ActionName): Candidate {
  const { success, logSeconds } = priorOf(action);
  return { action, success, secondsIfHelps: Math.exp(logSeconds), secondsIfNot: secondsIfNot(action) };
}
