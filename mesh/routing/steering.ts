// How a plan is put into force: step by step, and taken back when what is measured gets worse. A pure core; the shell
// around it is `plan-steering.ts`.

export interface WeighedLink {
  from: string;
  to: string;
  /** Times the measured cost. */
  factor: number;
}

/** What is measured in the whole network at one moment. */
export interface Observation {
  /** The highest utilisation of a link that has a way around it, per unit of all traffic: more traffic alone is no harm. */
  peak: number;
  /** Frames per second that found no room. */
  lost: number;
}

/** idle -> stepping -> holding; from both back to idle. */
export type Steering =
  | { kind: 'idle' }
  | ({ kind: 'stepping'; step: number } & InForce)
  | ({ kind: 'holding' } & InForce);

interface InForce {
  target: readonly WeighedLink[];
  before: Observation;
  /** It was worse at the last look: once may be chance, or words that are still on their way. */
  doubted: boolean;
}

/** Each takes the costs a fourth of the way. */
export const STEPS = 4;
/** What is measured wavers by so much without a cause. */
const TOLERANCE = 1.1;
/** Frames per second that may be lost by chance. */
const LOST_BY_CHANCE = 1;

/** idle or holding -> stepping. */
export const begin = (target: readonly WeighedLink[], before: Observation): Steering => ({
  kind: 'stepping',
  step: 1,
  target,
  before,
  doubted: false,
});

/**
 * A period has passed. stepping -> stepping or holding; stands still while it is worse, and any -> idle with the reason
 * when it is worse twice in a row.
 * @param now undefined when too little is sent to judge by
 */
export function onPeriod(state: Steering, now: Observation | undefined): { next: Steering; worse?: string } {
  if (state.kind === 'idle' || now === undefined) return { next: state };
  const worse = whatIsWorse(state.before, now);
  if (worse !== undefined)
    return state.doubted ? { next: { kind: 'idle' }, worse } : { next: { ...state, doubted: true } };
  const { target, before } = state;
  if (state.kind === 'holding' || state.step === STEPS)
    return { next: { kind: 'holding', target, before, doubted: false } };
  return { next: { ...state, step: state.step + 1, doubted: false } };
}

/** The costs that are in force in a state. */
export function inForce(state: Steering): WeighedLink[] {
  if (state.kind === 'idle') return [];
  const share = state.kind === 'holding' ? 1 : state.step / STEPS;
  return state.target.map(({ from, to, factor }) => ({ from, to, factor: 1 + share * (factor - 1) }));
}

function whatIsWorse(before: Observation, now: Observation): string | undefined {
  if (now.peak > TOLERANCE * before.peak) {
    const by = Math.round(100 * (now.peak / before.peak - 1));
    return `the busiest link carries ${by} % more of all traffic than before`;
  }
  if (now.lost > 2 * before.lost + LOST_BY_CHANCE) {
    return `${now.lost.toFixed(1)} frames a second find no room, ${before.lost.toFixed(1)} did before`;
  }
  return undefined;
}
