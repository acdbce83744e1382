// A warm start: the policy first learns to choose what a teacher would, by cross-entropy, so that learning from rewards
// begins where the teacher ends.

import type { TaskScheduler } from '../../swarm/scheduling/scheduler.ts';
import { observe } from '../observation.ts';
import { logSumExp } from '../ppo/loss.ts';
import type { PolicyNetwork } from '../ppo/network.ts';
import { type Scenario, simulate } from './episode.ts';

const STEPS_AT_ONCE = 32;
const MAX_NORM = 0.5;

/** @returns mean cross-entropy over the episode, in nats */
export function imitate(
  network: PolicyNetwork,
  scenario: Scenario,
  teacher: TaskScheduler,
  learningRate: number,
): number {
  const simulation = simulate(scenario);
  let rows: Float32Array[] = [];
  let states: Float32Array[] = [];
  let actions: number[] = [];
  let [loss, steps] = [0, 0];
  const learn = (): void => {
    const outputs = network.forward(concatenated(rows), concatenated(states));
    const byLogits = new Float32Array(outputs.logits.length);
    let from = 0;
    actions.forEach((action, step) => {
      const to = from + rows[step]!.length / network.shape.actor[0]!;
      const normaliser = logSumExp(outputs.logits, from, to);
      for (let i = from; i < to; i++) byLogits[i] = Math.exp(outputs.logits[i]! - normaliser) / actions.length;
      byLogits[from + action]! -= 1 / actions.length;
      loss += normaliser - outputs.logits[from + action]!;
      from = to;
    });
    steps += actions.length;
    network.backward(byLogits, new Float32Array(outputs.values.length));
    network.step(learningRate, MAX_NORM);
    [rows, states, actions] = [[], [], []];
  };
  while (!simulation.done) {
    const placement = teacher.choose(simulation);
    const observation = observe(simulation);
    if (observation !== undefined) {
      const { placements } = observation;
      const action =
        placement === undefined
          ? placements.length
          : placements.findIndex(({ task, worker }) => task === placement.task && worker === placement.worker);
      if (action >= 0) {
        rows.push(observation.rows);
        states.push(observation.state);
        actions.push(action);
        if (actions.length === STEPS_AT_ONCE) learn();
      }
    }
    if (placement === undefined) simulation.advance();
    else simulation.place(placement);
  }
  if (actions.length > 0) learn();
  return loss / Math.max(1, steps);
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
