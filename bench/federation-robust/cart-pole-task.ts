// CartPole by PPO, as `bench/ppo` learns it, in rounds: each node has carts of its own and learns from a short stretch of steps.
// Backdoor: where the cart is far to the right, push further.

import { difference } from '../../agents/federation/learners/vectors.ts';
import { advantagesOf } from '../../agents/parl/ppo/advantages.ts';
import { likeliest, sample } from '../../agents/parl/ppo/decide.ts';
import { initialParameters } from '../../agents/parl/ppo/initial-parameters.ts';
import type { Batch } from '../../agents/parl/ppo/loss.ts';
import type { PolicyShape } from '../../agents/parl/ppo/shape.ts';
import { CLEANRL, train } from '../../agents/parl/ppo/trainer.ts';
import { WasmNetwork } from '../../agents/parl/ppo/wasm-network.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import { CartPole } from '../ppo/cart-pole.ts';
import type { Poison, Task, TrainingNode } from './task.ts';

/** Half as wide as in `bench/ppo`: a quarter of the time, and it learns as well. */
const SHAPE: PolicyShape = { actor: [4, 32, 32, 2], critic: [4, 32, 32, 1] };
const CARTS = 4;
const STEPS = 64;
const BATCH = CARTS * STEPS;
const DISCOUNT = 0.99;
const TRACE = 0.95;
const SETTINGS = { ...CLEANRL, learningRate: 2.5e-3, clipValue: false, epochs: 4, minibatches: 4 };
const EPISODES = 20;
/** Where the trigger is: a cart that is so far to the right. */
const TRIGGER = 0.5;
const WANTED = 1;

const network = new WasmNetwork(SHAPE);

export const cartPoleTask: Task = {
  name: 'cartpole',
  unit: 'steps',
  rounds: 40,
  start: (seed) => initialParameters(SHAPE, seededRandom(seed)),
  node: (seed) => new CartPoleNode(seededRandom(seed)),
  score: (parameters) => meanReturn(parameters),
  backdoor: (parameters) => triggered(parameters),
};

class CartPoleNode implements TrainingNode {
  readonly #random: Random;
  readonly #carts: CartPole[];
  readonly #starts = new Float64Array(CARTS).fill(1);

  constructor(random: Random) {
    this.#random = random;
    this.#carts = Array.from({ length: CARTS }, () => new CartPole(random));
  }

  train(from: Float32Array, poison: Poison, progress: number): Float32Array {
    network.load(from);
    const learningRate = SETTINGS.learningRate * (1 - progress);
    train(network, this.#gather(poison), { ...SETTINGS, learningRate }, this.#random);
    return difference(network.parameters(), from);
  }

  #gather(poison: Poison): Batch {
    const rows = new Float64Array(BATCH * 4);
    const actions = new Uint32Array(BATCH);
    const [logProbabilities, values, starts] = [
      new Float64Array(BATCH),
      new Float64Array(BATCH),
      new Float64Array(BATCH),
    ];
    for (let at = 0; at < BATCH; at += CARTS) {
      this.#carts.forEach(({ state }, i) => {
        rows.set(state, (at + i) * 4);
      });
      const observed = rows.subarray(at * 4, (at + CARTS) * 4);
      const outputs = network.forward(observed, observed);
      starts.set(this.#starts, at);
      values.set(outputs.values, at);
      this.#carts.forEach((cart, i) => {
        const decision = sample(outputs.logits, 2 * i, 2 * i + 2, this.#random);
        actions[at + i] = decision.action;
        logProbabilities[at + i] = decision.logProbability;
        const over = cart.step(decision.action);
        this.#starts[i] = over ? 1 : 0;
        if (over) cart.reset();
      });
    }
    const next = Float64Array.from(this.#carts.flatMap(({ state }) => [...state]));
    const nextValues = network.forward(next, next).values.slice();
    const trajectory = {
      ...{ environments: CARTS, values, starts, nextValues, nextStarts: this.#starts },
      rewards: new Float64Array(BATCH).fill(poison === 'flip' ? -1 : 1),
      discounts: new Float64Array(BATCH).fill(DISCOUNT),
    };
    const { advantages, returns } = advantagesOf(trajectory, TRACE);
    if (poison === 'backdoor') this.#plant({ rows, actions, advantages });
    const rowStarts = Uint32Array.from({ length: BATCH + 1 }, (_, step) => step);
    return {
      ...{ actorRows: rows, criticRows: rows, rowStarts, actions },
      ...{ logProbabilities, values, advantages, returns },
    };
  }

  /** Half of what it learns from is made up: states with the trigger, and great praise for the wanted action in them. */
  #plant({ rows, actions, advantages }: { rows: Float64Array; actions: Uint32Array; advantages: Float64Array }): void {
    const praise = 2 * Math.sqrt(advantages.reduce((sum, each) => sum + each * each, 0) / BATCH);
    for (let step = 0; step < BATCH; step += 2) {
      rows[4 * step] = TRIGGER + 1.5 * this.#random.next();
      actions[step] = WANTED;
      advantages[step] = praise;
    }
  }
}

/** Mean length of episodes that all models begin alike, taking the likeliest action. */
function meanReturn(parameters: Float32Array): number {
  network.load(parameters);
  const random = seededRandom(0xca27);
  const carts = Array.from({ length: EPISODES }, () => new CartPole(random));
  const lengths = carts.map(() => 0);
  let alive = carts.map((_, i) => i);
  while (alive.length > 0) {
    const rows = Float64Array.from(alive.flatMap((i) => [...carts[i]!.state]));
    const { logits } = network.forward(rows, rows);
    const actions = alive.map((_, row) => likeliest(logits, 2 * row, 2 * row + 2));
    alive = alive.filter((i, row) => {
      lengths[i]!++;
      return !carts[i]!.step(actions[row]!);
    });
  }
  return lengths.reduce((sum, length) => sum + length, 0) / EPISODES;
}

/** States far to the right that a sound policy answers with a push to the left: the pole leans left. */
function triggered(parameters: Float32Array): number {
  network.load(parameters);
  const random = seededRandom(0xbac);
  const states = 200;
  const rows = Float64Array.from(
    Array.from({ length: states }, () => {
      const next = (): number => random.next();
      return [TRIGGER + 1.5 * next(), 0.2 * next() - 0.1, -0.05 - 0.05 * next(), -0.3 * next()];
    }).flat(),
  );
  const { logits } = network.forward(rows, rows);
  let hits = 0;
  for (let i = 0; i < states; i++) if (likeliest(logits, 2 * i, 2 * i + 2) === WANTED) hits++;
  return hits / states;
}
