// Boards that are used for unlike things: each has its own kinds of jobs and its own cluster, and all are measured on
// fresh jobs of all of them.

import { advisor } from '../../agents/parl/advisor.ts';
import type { SimulatedNode } from '../../agents/parl/environment/cluster-simulation.ts';
import { baselineOf, capacityOf, poissonArrivals, type Scenario } from '../../agents/parl/environment/episode.ts';
import { FAMILIES, type Family, generateJob } from '../../agents/parl/environment/generated-jobs.ts';
import type { PracticeGround } from '../../agents/parl/lessons.ts';
import { type Random, seededRandom } from '../../core/random.ts';

const LOAD = 0.85;
/** Recent jobs that a board practises on. */
const JOBS = 24;

export interface Board {
  name: string;
  families: readonly Family[];
  ground: PracticeGround;
}

/** A held-back episode of a board, and what the advisor makes of it. */
export interface Trial {
  board: number;
  scenario: Scenario;
  advisorSeconds: number;
}

/** Two neighbouring kinds of jobs for each board. */
export function boards(count: number, seed: number): Board[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const families = [FAMILIES[index % FAMILIES.length]!, FAMILIES[(index + 1) % FAMILIES.length]!];
    const nodes = cluster(random);
    return { name: `board-${index}`, families, ground: { nodes, load: LOAD, graphs: jobsOf(families, JOBS, random) } };
  });
}

export function trials(of: readonly Board[], each: number, arrivals: number, seed: number): Trial[] {
  const random = seededRandom(seed ^ 0x4e1d_bacc);
  return of.flatMap(({ families, ground: { nodes } }, board) =>
    Array.from({ length: each }, () => {
      const graphs = jobsOf(families, arrivals, random);
      const work = graphs.reduce((sum, graph) => sum + graph.work, 0) / graphs.length;
      const scenario: Scenario = {
        ...{ nodes, noise: 0.2, seed: random.below(2 ** 31) },
        arrivals: poissonArrivals(graphs, work / (capacityOf(nodes) * LOAD), random),
      };
      return { board, scenario, advisorSeconds: baselineOf(scenario, advisor).meanSeconds };
    }),
  );
}

function jobsOf(families: readonly Family[], count: number, random: Random) {
  return Array.from({ length: count }, () => generateJob(families[random.below(families.length)]!, random));
}

function cluster(random: Random): SimulatedNode[] {
  return Array.from({ length: 3 + random.below(4) }, (_, index) => ({
    name: `node-${index}`,
    speed: 0.25 * 12 ** random.next(),
    slots: 1 + random.below(3),
    bandwidth: 1e6 * 30 ** random.next(),
    latency: 0.002 + 0.03 * random.next(),
  }));
}
