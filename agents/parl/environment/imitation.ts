// A warm start: the policy first learns to choose what a teacher would, by cross-entropy, so that learning from rewards
// begins where the teacher ends.

import type { TaskScheduler } from '../../swarm/scheduling/scheduler.ts';
import { observe } from '../observation.ts';
import { logSumExp } from '../ppo/loss.ts';
import type { PolicyNetwork } from '../ppo/network.ts';
import { type Scenario, simulate } from './episode.ts';

const STEPS_AT_ONCE = 32;
const MAX_NORM = 0.5;

export interface ImitationSettings {
  teacher: TaskScheduler;
  learningRate: number;
  /** How likely the teacher's choice shall become; all others share the rest. At 1 nothing would be left to explore with. */
  certainty: number;
}

/** @returns mean cross-entropy over the episode, in nats */
export function imitate(
  network: PolicyNetwork,
  scenario: Scenario,
  { teacher, learningRate, certainty }: ImitationSettings,
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
      const other = (1 - certainty) / (to - from - 1);
      for (let i = from; i < to; i++) {
        const wanted = i === from + action ? certainty : other;
        byLogits[i] = (Math.exp(outputs.logits[i]! - normaliser) - wanted) / actions.length;
        loss += wanted * (normaliser - outputs.logits[i]!);
      }
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
