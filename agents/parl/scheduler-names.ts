// The schedulers that are compared, by name.

import { heuristics } from '../swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import { advisor } from './advisor.ts';
import { POLICY_SHAPE } from './policy.ts';
import { PolicyScheduler } from './policy-scheduler.ts';
import { WasmNetwork } from './ppo/wasm-network.ts';

/** The classical ones: what the learned policy is told against. */
export const CLASSICAL: readonly string[] = heuristics.map(({ name }) => name);
export const ADVISOR = advisor.name;
export const PARL = 'parl';

/** @param parameters of the policy, where `parl` is asked for */
export function schedulersOf(names: readonly string[], parameters: Float32Array): TaskScheduler[] {
  return names.map((name) => {
    if (name === PARL) {
      const network = new WasmNetwork(POLICY_SHAPE);
      network.load(parameters);
      return new PolicyScheduler(network);
    }
    const scheduler = [...heuristics, advisor].find((known) => known.name === name);
    if (scheduler === undefined) throw new Error(`there is no scheduler "${name}"`);
    return scheduler;
  });
}
