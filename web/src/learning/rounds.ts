// What rounds, models and accounts of privacy mean to the eye: curves over rounds, the chain of models, how much of ε is left.
// Pure.

import type { FederationView, ModelsView, PrivacyView, RoundsView } from '../../../daemon/view/federation-schema.ts';
import type { Tone } from '../parts/tone.ts';

export type Round = RoundsView[number];
export type Model = ModelsView[number];
export type Point = readonly [round: number, value: number];

export interface Curve {
  title: string;
  /** In order of rounds, each round once. */
  points: readonly Point[];
}

/** Rounds that ended with something to show, oldest first: what nodes reached, what was measured, what it was made of. */
export function curvesOf(rounds: readonly Round[], models: readonly Model[]): Curve[] {
  const over = rounds.filter(({ state }) => state === 'done').toSorted((a, b) => a.number - b.number);
  const gains = new Map(
    models.flatMap(({ round, rollout }) =>
      round === undefined || rollout?.gain === undefined ? [] : [[round, rollout.gain.value] as const],
    ),
  );
  const curve = (title: string, of: (round: Round) => number | undefined): Curve => ({
    title,
    points: over.flatMap((round) => {
      const value = of(round);
      return value === undefined || !Number.isFinite(value) ? [] : [[round.number, value] as const];
    }),
  });
  return [
    curve('Return', ({ metrics }) => metrics.return),
    curve('Gain', ({ number }) => gains.get(number)),
    curve('Examples', ({ examples }) => examples),
  ].filter(({ points }) => points.length > 1);
}

export const isOver = ({ state }: Round): boolean => state === 'done' || state === 'failed';

/** From the beginning to the end, seconds; undefined while it runs. */
export function tookOf({ startedAt, endedAt }: Round): number | undefined {
  return endedAt === undefined ? undefined : (endedAt - startedAt) / 1000;
}

/** How it ended, in a word and a tone. */
export function endOf({ state, outcome }: Round): { word: string; tone: Tone } {
  if (state === 'failed') return { word: 'failed', tone: 'bad' };
  if (state !== 'done') return { word: state, tone: 'busy' };
  return outcome === 'rejected' ? { word: 'rejected', tone: 'off' } : { word: 'proposed', tone: 'good' };
}

/** The model's fate, in a word and a tone. */
export function fateOf({ role, rollout }: Model): { word: string; tone: Tone } {
  if (role === 'serves') return { word: 'serves', tone: 'good' };
  switch (rollout?.fate) {
    case undefined:
      return { word: 'not judged', tone: 'off' };
    case 'judged':
      return { word: 'being judged', tone: 'busy' };
    case 'rolling-out':
      return { word: 'rolling out', tone: 'busy' };
    case 'taken-back':
      return { word: 'taken back', tone: 'bad' };
    case 'refused':
      return { word: 'refused', tone: 'warn' };
    default:
      return { word: rollout?.fate ?? '', tone: 'off' };
  }
}

/**
 * The models that led to the newest one, newest first, and beside each step those from the same parent that led nowhere.
 * A parent that is not known ends the chain; a circle, which no coordinator writes, does too.
 */
export function chainOf(models: readonly Model[]): { model: Model; besides: Model[] }[] {
  const byVersion = new Map(models.map((model) => [model.version, model]));
  const tip = models.find(({ role }) => role === 'tip') ?? models.find(({ role }) => role === 'serves') ?? models[0];
  const chain: Model[] = [];
  for (let next = tip; next !== undefined && !chain.includes(next); ) {
    chain.push(next);
    next = next.parent === undefined ? undefined : byVersion.get(next.parent);
  }
  const shown = new Set(chain);
  return chain.map((model) => ({
    model,
    besides: models.filter((one) => !shown.has(one) && one.parent === model.version),
  }));
}

export type Budget =
  | { kind: 'unproven'; sentence: string }
  | { kind: 'open'; sentence: string }
  /** Shares of the budget, 0 to 1. */
  | { kind: 'limited'; spent: number; after: number; word: string; tone: Tone; sentence: string };

/** How much of ε is spent, and what one more round takes. */
export function budgetOf({ noise, epsilonBefore, epsilonAfter, budget, refused }: PrivacyView): Budget {
  if (noise === 0) return { kind: 'unproven', sentence: 'Updates leave without noise: nothing is proven about them.' };
  if (epsilonBefore === undefined)
    return { kind: 'unproven', sentence: 'Something left without noise: nothing is proven any more.' };
  const next = epsilonAfter === undefined ? '' : `, ${epsilonAfter.toFixed(2)} after one more round`;
  if (budget === undefined) return { kind: 'open', sentence: `ε ${epsilonBefore.toFixed(2)}${next}; no limit is set.` };
  const spent = Math.min(1, epsilonBefore / budget);
  const after = Math.min(1, (epsilonAfter ?? epsilonBefore) / budget);
  const isSpent = refused !== undefined && (epsilonAfter ?? Number.POSITIVE_INFINITY) > budget;
  const [word, tone] = wordOf(spent, isSpent);
  const sentence = `ε ${epsilonBefore.toFixed(2)} of ${budget}${next}.`;
  return { kind: 'limited', spent, after, word, tone, sentence };
}

function wordOf(spent: number, isSpent: boolean): [string, Tone] {
  if (isSpent || spent >= 1) return ['spent', 'bad'];
  if (spent >= 0.8) return ['nearly spent', 'warn'];
  return spent >= 0.5 ? ['over half spent', 'busy'] : ['plenty left', 'good'];
}

/** What this board does for rounds, for people. */
export function dutyInWords({ kind, round, cause }: FederationView['duties'][number]): string {
  const of = round === undefined ? '' : ` for round ${round}`;
  const why = cause === undefined ? '' : `: ${cause}`;
  switch (kind) {
    case 'training':
      return `This board trains${of}${why}`;
    case 'sending':
      return `This board sends its update${of}${why}`;
    case 'held':
      return `The update of this board${of} waits for its owner${why}`;
    default:
      return `This board waits for a round${why}`;
  }
}
