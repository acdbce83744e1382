// What a policy does where everybody knows what is sensible, before it may decide anything: how far it is from the one that
// serves, whether it still decides, and whether it decides nearly the same on canary observations.

import { setImmediate } from 'node:timers/promises';
import { seededRandom } from '../../../core/random.ts';
import { advisor } from '../../parl/advisor.ts';
import { randomScenario, simulate, TRAINING_RANGE } from '../../parl/environment/episode.ts';
import { type Observation, observe } from '../../parl/observation.ts';
import { POLICY_SHAPE } from '../../parl/policy.ts';
import { likeliest } from '../../parl/ppo/decide.ts';
import { WasmNetwork } from '../../parl/ppo/wasm-network.ts';
import type { SchedulingView, TaskScheduler } from '../../swarm/scheduling/scheduler.ts';
import { normOf } from '../aggregation/update-set.ts';
import { difference } from './vectors.ts';

/** A round moves a policy by a few hundredths of its length. */
const FARTHEST = 0.5;
/** Share of decisions in which a better policy may differ; a random one differs in nine of ten. */
const MOST_OTHERWISE = 0.4;
/** Waiting more often than the one that serves, as a share of decisions: a policy that never decides stops all jobs. */
const MOST_WAITING = 0.15;
/** Sound logits are below 20. */
const LARGEST_LOGIT = 200;
const SEED = 0xca7a_12;
const OBSERVATIONS = 160;
/** Observations between two breaths of the event loop: two milliseconds or so. */
const AT_ONCE = 8;

/** Why `candidate` must not serve, with the numbers; undefined when nothing speaks against it. */
export async function doubtAbout(candidate: Float32Array, baseline: Float32Array): Promise<string | undefined> {
  const moved = normOf(difference(candidate, baseline)) / normOf(baseline);
  if (!(moved <= FARTHEST)) {
    return `it is ${moved.toFixed(2)} of the length of the policy that serves away from it; ${FARTHEST} is the most`;
  }
  const observations = await canaryObservations();
  const [chosen, usual] = [loaded(candidate), loaded(baseline)];
  let [otherwise, waits, wouldWait] = [0, 0, 0];
  for (const [index, { rows, state, placements }] of observations.entries()) {
    if (index % AT_ONCE === 0) await setImmediate();
    const choices = placements.length + 1;
    const { logits, values } = chosen.forward(rows, state);
    if (!logits.every((logit) => Math.abs(logit) <= LARGEST_LOGIT) || !Number.isFinite(values[0])) {
      return `on canary observation ${index} it scores a choice beyond ${LARGEST_LOGIT}: it explores no more`;
    }
    const choice = likeliest(logits, 0, choices);
    const before = likeliest(usual.forward(rows, state).logits, 0, choices);
    if (choice !== before) otherwise++;
    if (choice === placements.length) waits++;
    if (before === placements.length) wouldWait++;
  }
  const all = observations.length;
  if (waits - wouldWait > MOST_WAITING * all) {
    return `it waits in ${waits} of ${all} canary observations, the policy that serves in ${wouldWait}`;
  }
  if (otherwise > MOST_OTHERWISE * all) {
    return `it chooses otherwise than the policy that serves in ${otherwise} of ${all} canary observations; ${MOST_OTHERWISE * all} is the most`;
  }
  return undefined;
}

/** Every few decisions of the advisor in busy clusters; the same on every node. */
async function canaryObservations(): Promise<Observation[]> {
  const random = seededRandom(SEED);
  const kept: Observation[] = [];
  while (kept.length < OBSERVATIONS) {
    const simulation = simulate(randomScenario({ ...TRAINING_RANGE, jobs: 6, failing: 0 }, random));
    const watching: TaskScheduler = {
      name: advisor.name,
      choose: (view: SchedulingView) => {
        const observation = kept.length < OBSERVATIONS && random.below(4) === 0 ? observe(view) : undefined;
        if (observation !== undefined && observation.placements.length > 1) kept.push(observation);
        return advisor.choose(view);
      },
    };
    simulation.run(watching);
    await setImmediate();
  }
  return kept;
}

function loaded(parameters: Float32Array): WasmNetwork {
  const network = new WasmNetwork(POLICY_SHAPE);
  network.load(parameters);
  return network;
}
