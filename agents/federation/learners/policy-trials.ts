// Generated jobs that candidates are compared on besides a node's own: the same for the same seed on every node of the
// same nodes.

import { seededRandom } from '../../../core/random.ts';
import type { SimulatedNode } from '../../parl/environment/cluster-simulation.ts';
import { randomScenario, TRAINING_RANGE } from '../../parl/environment/episode.ts';
import type { PracticeRequest } from '../../parl/shard-protocol.ts';

export type Workload = Pick<PracticeRequest, 'jobs' | 'nodes' | 'load'>;

/** Apart from the seeds that training draws. */
const TRIAL_SEED = 0x7e57_0000;

/** @param nodes that the jobs run on; a random cluster where there are none */
export function generatedWorkload(seed: number, nodes: readonly SimulatedNode[]): Workload {
  const random = seededRandom(TRIAL_SEED ^ seed);
  const scenario = randomScenario(TRAINING_RANGE, random);
  const load = 0.6 + 0.35 * random.next();
  return {
    jobs: scenario.arrivals.map(({ graph }) => graph.tasks),
    nodes: nodes.length > 0 ? nodes : scenario.nodes,
    load,
  };
}
