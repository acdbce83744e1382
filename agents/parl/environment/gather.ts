// Lets a policy schedule whole episodes and makes a batch of what it decided, ready to learn from.

import type { Random } from '../../../core/random.ts';
import type { TaskScheduler } from '../../swarm/scheduling/scheduler.ts';
import { batchOfDecisions } from '../decision-batch.ts';
import { PolicyScheduler, type RecordedDecision } from '../policy-scheduler.ts';
import { advantagesOf } from '../ppo/advantages.ts';
import type { Batch } from '../ppo/loss.ts';
import type { PolicyNetwork } from '../ppo/network.ts';
import { type Baseline, baselineOf, type Scenario, simulate } from './episode.ts';

export interface GatherSettings {
  /** The scheduler that rewards are told against. */
  reference: TaskScheduler;
  /** Time constant of the discount, in mean job completion times of the reference. */
  horizon: number;
  /** Lambda of generalised advantage estimation. */
  trace: number;
  /**
   * Episodes of each scenario. With two or more, an advantage is told against what the others of the same scenario earned
   * from the same moment on: arrivals and run times are the same for all, so their luck cancels out (Mao et al. 2019,
   * "Variance reduction for reinforcement learning in input-driven environments"). With one, the critic is the baseline.
   */
  rollouts: number;
  /** Weights of the parallelism and finish rewards (Kimi K2.5, section 3): annealed to 0 by the caller. */
  parallelism: number;
  finish: number;
}

export interface Gathered {
  batch: Batch;
  /** Mean job completion time of the reference over the policy's: above 1, the policy is better. */
  gain: number;
  /** Mean undiscounted sum of rewards, a job. */
  return: number;
}

/** Decisions of one episode with what they earned, before they are joined to a batch. */
interface Episode {
  decisions: RecordedDecision[];
  /** Of each decision, seconds. */
  times: readonly number[];
  advantages: Float64Array;
  returns: Float64Array;
  gain: number;
  /** Undiscounted rewards, over its jobs. */
  earned: number;
}

export function gather(
  network: PolicyNetwork,
  scenarios: readonly Scenario[],
  settings: GatherSettings,
  random: Random,
): Gathered {
  const episodes = scenarios.flatMap((scenario) => {
    const baseline = baselineOf(scenario, settings.reference);
    const siblings = Array.from({ length: settings.rollouts }, () =>
      playEpisode(network, { scenario, baseline, settings, random }),
    );
    return siblings.length > 1 ? againstSiblings(siblings) : siblings;
  });
  const mean = (of: (episode: Episode) => number): number =>
    episodes.reduce((sum, episode) => sum + of(episode), 0) / episodes.length;
  return {
    batch: joined(episodes),
    gain: Math.exp(mean(({ gain }) => Math.log(gain))),
    return: mean(({ earned }) => earned),
  };
}

/** Advantages as what an episode earned from each moment on, less the mean of what its siblings did. */
function againstSiblings(siblings: readonly Episode[]): Episode[] {
  return siblings.map((episode) => {
    const advantages = Float64Array.from(episode.returns);
    for (const other of siblings) {
      if (other === episode) continue;
      let at = 0;
      for (let step = 0; step < advantages.length; step++) {
        while (at + 1 < other.times.length && other.times[at + 1]! <= episode.times[step]!) at++;
        advantages[step]! -= (other.returns[at] ?? 0) / (siblings.length - 1);
      }
    }
    return { ...episode, advantages };
  });
}

interface Play {
  scenario: Scenario;
  baseline: Baseline;
  settings: GatherSettings;
  random: Random;
}

/**
 * The reward of a decision is what passed until the next one: minus the seconds that jobs spent in the system (their sum is
 * the sum of completion times, by Little's law), plus those that they spent there under the reference at the same time.
 */
function playEpisode(network: PolicyNetwork, { scenario, baseline, settings, random }: Play): Episode {
  const simulation = simulate(scenario);
  const decisions: RecordedDecision[] = [];
  /** Rewards so far, and the time, at each decision and at the end. */
  const scores: number[] = [];
  const times: number[] = [];
  let shaping = 0;
  const note = (): void => {
    const perf = (baseline.jobSecondsAt(simulation.now) - simulation.jobSeconds) / baseline.meanSeconds;
    scores.push(perf + shaping);
    times.push(simulation.now);
  };
  const scheduler = new PolicyScheduler(network, {
    random,
    decided: (decision) => {
      note();
      decisions.push(decision);
    },
  });
  while (!simulation.done) {
    const placement = scheduler.choose(simulation);
    if (placement !== undefined) {
      simulation.place(placement);
      continue;
    }
    const before = simulation.now;
    const { busy, useful } = simulation.occupation();
    const finished = simulation.finishedTasks;
    simulation.advance();
    const elapsed = (simulation.now - before) / baseline.meanSeconds;
    if (useful > 0) shaping += settings.parallelism * elapsed * (busy / useful);
    shaping += (settings.finish * (simulation.finishedTasks - finished)) / scenario.arrivals.length;
  }
  note();

  const steps = decisions.length;
  const rewards = Float64Array.from({ length: steps }, (_, step) => scores[step + 1]! - scores[step]!);
  const timeConstant = settings.horizon * baseline.meanSeconds;
  const discounts = Float64Array.from({ length: steps }, (_, step) =>
    Math.exp((times[step]! - times[step + 1]!) / timeConstant),
  );
  const trajectory = {
    ...{ environments: 1, rewards, discounts },
    values: Float64Array.from(decisions, ({ value }) => value),
    starts: new Float64Array(steps),
    nextValues: new Float64Array(1),
    nextStarts: new Float64Array(1).fill(1),
  };
  const meanSeconds = simulation.jobSeconds / simulation.completions.length;
  // Beside siblings, returns are what was really earned: the critic has no say.
  const trace = settings.rollouts > 1 ? 1 : settings.trace;
  return {
    ...{ decisions, times, ...advantagesOf(trajectory, trace) },
    gain: baseline.meanSeconds / meanSeconds,
    earned: scores.at(-1)! / scenario.arrivals.length,
  };
}

function joined(episodes: readonly Episode[]): Batch {
  const decisions = episodes.flatMap((episode) => episode.decisions);
  const concat = (of: (episode: Episode) => Float64Array): Float64Array => {
    const all = new Float64Array(decisions.length);
    let at = 0;
    for (const episode of episodes) {
      all.set(of(episode), at);
      at += episode.decisions.length;
    }
    return all;
  };
  return batchOfDecisions(decisions, {
    advantages: concat(({ advantages }) => advantages),
    returns: concat(({ returns }) => returns),
  });
}
