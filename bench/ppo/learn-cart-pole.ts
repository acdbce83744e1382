// Learns CartPole as CleanRL's ppo.py does: four environments side by side, 128 steps each, then four passes.

import { advantagesOf } from '../../agents/parl/ppo/advantages.ts';
import { sample } from '../../agents/parl/ppo/decide.ts';
import { initialParameters } from '../../agents/parl/ppo/initial-parameters.ts';
import type { PolicyNetwork } from '../../agents/parl/ppo/network.ts';
import type { PolicyShape } from '../../agents/parl/ppo/shape.ts';
import { CLEANRL, train } from '../../agents/parl/ppo/trainer.ts';
import { seededRandom } from '../../core/random.ts';
import { CartPole } from './cart-pole.ts';

export const CART_POLE_SHAPE: PolicyShape = { actor: [4, 64, 64, 2], critic: [4, 64, 64, 1] };

const ENVIRONMENTS = 4;
const STEPS = 128;
const BATCH = ENVIRONMENTS * STEPS;
const DISCOUNT = 0.99;
const TRACE = 0.95;
/** Gymnasium's own mark for CartPole-v1: a mean of 475 over 100 episodes. */
const SOLVED = 475;
const EPISODES = 100;

export interface Learning {
  steps: number;
  /** Steps after which the mean of the last 100 episodes was 475 for the first time. */
  solvedAt: number | undefined;
  /** Mean return of the last 100 episodes, at the end. */
  return: number;
}

/** @param until stop there, or once solved */
export function learnCartPole(network: PolicyNetwork, seed: number, until: number, goOn = false): Learning {
  const random = seededRandom(seed);
  network.load(initialParameters(network.shape, random));
  const carts = Array.from({ length: ENVIRONMENTS }, () => new CartPole(random));
  const rows = new Float64Array(BATCH * 4);
  const actions = new Uint32Array(BATCH);
  const [logProbabilities, values, starts] = [
    new Float64Array(BATCH),
    new Float64Array(BATCH),
    new Float64Array(BATCH),
  ];
  const [rewards, discounts] = [new Float64Array(BATCH).fill(1), new Float64Array(BATCH).fill(DISCOUNT)];
  const rowStarts = Uint32Array.from({ length: BATCH + 1 }, (_, step) => step);
  const nextStarts = new Float64Array(ENVIRONMENTS).fill(1);
  const lengths = new Float64Array(ENVIRONMENTS);
  const returns: number[] = [];
  let solvedAt: number | undefined;
  let steps = 0;
  const updates = Math.floor(until / BATCH);

  for (let update = 0; update < updates; update++) {
    for (let at = 0; at < BATCH; at += ENVIRONMENTS) {
      carts.forEach(({ state }, i) => {
        rows.set(state, (at + i) * 4);
      });
      const observed = rows.subarray(at * 4, (at + ENVIRONMENTS) * 4);
      const outputs = network.forward(observed, observed);
      starts.set(nextStarts, at);
      values.set(outputs.values, at);
      carts.forEach((cart, i) => {
        const decision = sample(outputs.logits, 2 * i, 2 * i + 2, random);
        actions[at + i] = decision.action;
        logProbabilities[at + i] = decision.logProbability;
        lengths[i]!++;
        const over = cart.step(decision.action);
        nextStarts[i] = over ? 1 : 0;
        if (!over) return;
        returns.push(lengths[i]!);
        if (returns.length > EPISODES) returns.shift();
        lengths[i] = 0;
        cart.reset();
      });
    }
    steps += BATCH;
    if (returns.length === EPISODES && mean(returns) >= SOLVED) solvedAt ??= steps;
    if (solvedAt !== undefined && !goOn) break;
    const next = Float64Array.from(carts.flatMap(({ state }) => [...state]));
    const nextValues = network.forward(next, next).values.slice();
    const trajectory = { environments: ENVIRONMENTS, rewards, values, starts, discounts, nextValues, nextStarts };
    const batch = {
      ...advantagesOf(trajectory, TRACE),
      ...{ actorRows: rows, criticRows: rows, rowStarts, actions, logProbabilities, values },
    };
    train(network, batch, { ...CLEANRL, learningRate: CLEANRL.learningRate * (1 - update / updates) }, random);
  }
  return { steps, solvedAt, return: mean(returns) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
