// Generalised advantage estimation (Schulman et al. 2016, equation 16).

import type { Floats } from './shape.ts';

/** What several environments did side by side: [step][environment]. */
export interface Trajectory {
  environments: number;
  rewards: Floats;
  values: Floats;
  /** 1 where an episode had ended before this step. */
  starts: Floats;
  /** Gamma of each step: what the next state counts. Less where more time passes. */
  discounts: Floats;
  /** Values of the states after the last step, and whether they begin new episodes. */
  nextValues: Floats;
  nextStarts: Floats;
}

/** @param trace lambda: 0 trusts the critic, 1 trusts the rewards */
export function advantagesOf(
  trajectory: Trajectory,
  trace: number,
): { advantages: Float64Array; returns: Float64Array } {
  const { environments, rewards, values, starts, discounts, nextValues, nextStarts } = trajectory;
  const advantages = new Float64Array(rewards.length);
  const returns = new Float64Array(rewards.length);
  for (let environment = 0; environment < environments; environment++) {
    let nextValue = nextValues[environment]!;
    let goesOn = 1 - nextStarts[environment]!;
    let advantage = 0;
    for (let i = rewards.length - environments + environment; i >= 0; i -= environments) {
      const keep = discounts[i]! * goesOn;
      const surprise = rewards[i]! + keep * nextValue - values[i]!;
      advantage = surprise + trace * keep * advantage;
      advantages[i] = advantage;
      returns[i] = advantage + values[i]!;
      nextValue = values[i]!;
      goesOn = 1 - starts[i]!;
    }
  }
  return { advantages, returns };
}
