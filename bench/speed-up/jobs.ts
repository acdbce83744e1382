// Jobs to be run for real: recorded workflows and generated wide ones, their times scaled so that five nodes need some seconds.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Family, generateJob } from '../../agents/parl/environment/generated-jobs.ts';
import { type GraphTask, JobGraph } from '../../agents/swarm/job-graph.ts';
import { graphOf, type JobSpec } from '../../agents/swarm/job-spec.ts';
import { jobOfWorkflow } from '../../agents/swarm/wfcommons.ts';
import { seededRandom } from '../../core/random.ts';
import { leastSeconds } from './bound.ts';

export interface BenchJob {
  name: string;
  kind: 'recorded' | 'generated';
  spec: JobSpec;
  graph: JobGraph;
}

const DATA = resolve(process.env.PARLMESH_TEST_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'workflows');
/** The nodes for which the times are scaled. */
const NODES = 5;
/** Drawn with the first seed whose job has 60 to 300 tasks and eight times as much work as its longest chain. */
const WIDE: readonly { family: Family; seed: number }[] = [
  { family: 'map-reduce', seed: 13 },
  { family: 'tree', seed: 13 },
  { family: 'pipelines', seed: 332 },
  { family: 'nested', seed: 3 },
];

/** Recorded ones are left out where their files are missing. @param seconds that five nodes need at least */
export function benchJobs(seconds: number): BenchJob[] {
  return [...recorded(seconds), ...generated(seconds)];
}

function recorded(seconds: number): BenchJob[] {
  const instances = join(DATA, 'instances');
  const small = join(DATA, 'wfcommons_small.json');
  if (!existsSync(instances) || !existsSync(small)) return [];
  const whole = readdirSync(instances)
    .sort()
    .map((file) => {
      const document: unknown = JSON.parse(readFileSync(join(instances, file), 'utf8'));
      const unscaled = graphOf(jobOfWorkflow(document, { timeScale: 1, kind: 'wait' }));
      const timeScale = seconds / leastSeconds(unscaled, NODES);
      return benchJob(file.replace(/\.json$/, ''), 'recorded', jobOfWorkflow(document, { timeScale, kind: 'wait' }));
    });
  const names = new Set(whole.map(({ name }) => name));
  const workflows = JSON.parse(readFileSync(small, 'utf8')) as {
    id: string;
    tasks: { ms: number; deps: number[] }[];
  }[];
  const plain = workflows
    .filter(({ id }) => !names.has(id))
    .map(({ id: name, tasks }) => {
      const graph = tasks.map(({ ms, deps }, index) => ({
        ...{ id: `t${index}`, needs: deps.map((dep) => `t${dep}`), seconds: ms / 1000, bytes: 0 },
      }));
      return benchJob(name, 'recorded', waiting(name, graph, seconds));
    });
  return [...whole, ...plain];
}

function generated(seconds: number): BenchJob[] {
  const alike = Array.from({ length: 200 }, (_, index) => ({ id: `t${index}`, needs: [], seconds: 1, bytes: 0 }));
  return [
    benchJob('200 alike', 'generated', waiting('200 alike', alike, seconds)),
    ...WIDE.map(({ family, seed }) => {
      const { tasks } = generateJob(family, seededRandom(seed));
      return benchJob(family, 'generated', waiting(family, tasks, seconds));
    }),
  ];
}

function waiting(name: string, tasks: readonly GraphTask[], wanted: number): JobSpec {
  const scale = wanted / leastSeconds(new JobGraph(tasks), NODES);
  return {
    name,
    tasks: tasks.map(({ id, needs, seconds }) => {
      const time = Number((seconds * scale).toFixed(6));
      return { id, kind: 'wait', needs: [...needs], input: { seconds: time }, seconds: time };
    }),
  };
}

function benchJob(name: string, kind: BenchJob['kind'], spec: JobSpec): BenchJob {
  return { name, kind, spec, graph: graphOf(spec) };
}
