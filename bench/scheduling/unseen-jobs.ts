// Jobs of kinds that no policy was trained on: recorded workflows, queries like TPC-H's, and the graphs of dense linear algebra.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GraphTask } from '../../agents/swarm/job-graph.ts';
import { readWfCommons } from '../../agents/swarm/wfcommons.ts';
import { type Random, seededRandom } from '../../core/random.ts';

export interface JobFamily {
  name: string;
  jobs: GraphTask[][];
  /** Jobs of an episode: fewer where they are large. */
  arrivals: number;
}

const DATA = resolve(process.env.PARLMESH_TEST_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'workflows');
const GENERATED = 200;

/** Recorded ones are left out where their files are missing. */
export function unseenFamilies(): JobFamily[] {
  const random = seededRandom(4711);
  const many = (make: () => GraphTask[]): GraphTask[][] => Array.from({ length: GENERATED }, make);
  return [
    ...recorded(),
    { name: 'TPC-H-like', jobs: many(() => query(random)), arrivals: 100 },
    { name: 'linear algebra', jobs: many(() => cholesky(random)), arrivals: 100 },
  ];
}

function recorded(): JobFamily[] {
  const small = join(DATA, 'wfcommons_small.json');
  const instances = join(DATA, 'instances');
  if (!existsSync(small) || !existsSync(instances)) return [];
  const workflows = JSON.parse(readFileSync(small, 'utf8')) as { tasks: { ms: number; deps: number[] }[] }[];
  const plain = workflows.map(({ tasks }) =>
    tasks.map(({ ms, deps }, index) => ({
      ...{ id: `t${index}`, needs: deps.map((dep) => `t${dep}`), seconds: Math.max(1, ms) / 1000, bytes: 0 },
    })),
  );
  const whole = readdirSync(instances)
    .sort()
    .map((file) => {
      const { tasks } = readWfCommons(JSON.parse(readFileSync(join(instances, file), 'utf8')));
      return tasks.map((task) => ({ ...task, seconds: Math.max(1e-3, task.seconds) }));
    });
  return [
    { name: 'WfCommons', jobs: plain, arrivals: 60 },
    { name: 'WfCommons, with their files', jobs: whole, arrivals: 60 },
  ];
}

/** Scans of tables, joined one after another, then aggregated: between two stages every task needs every other's result. */
function query(random: Random): GraphTask[] {
  const gigabytes = [2, 5, 10, 20, 50, 100][random.below(6)]!;
  const tasks: GraphTask[] = [];
  const stage = (name: string, width: number, seconds: number, needs: readonly string[]): string[] =>
    Array.from({ length: width }, (_, index) => {
      const id = `${name}-${index}`;
      const own = seconds * (0.6 + 0.8 * random.next());
      tasks.push({ id, needs, seconds: own, bytes: Math.round(50_000 * own) });
      return id;
    });
  const width = (share: number): number => Math.max(1, Math.min(16, Math.round(share * gigabytes ** 0.6)));
  const tables = 1 + random.below(6);
  let joined: string[] = [];
  for (let table = 0; table < tables; table++) {
    const size = 0.1 + random.next();
    const scanned = stage(`scan-${table}`, width(size * 2), 1 + 4 * size, []);
    joined =
      table === 0
        ? scanned
        : stage(`join-${table}`, width(1 + random.next()), 0.5 + 5 * random.next(), [...joined, ...scanned]);
  }
  const grouped = stage('group', width(0.7), 1 + 2 * random.next(), joined);
  if (random.next() < 0.7) stage('sort', 1, 0.3 + random.next(), grouped);
  return tasks;
}

/** The tiled Cholesky factorisation: factor, solve, update. Many tasks at first, one chain at the end. */
function cholesky(random: Random): GraphTask[] {
  const tiles = 3 + random.below(5);
  const scale = 2 * 8 ** random.next();
  const tasks: GraphTask[] = [];
  const last = new Map<string, string>();
  const touch = (kind: string, seconds: number, writes: string, reads: readonly string[]): void => {
    const id = `${kind}-${tasks.length}`;
    const needs = [...new Set([writes, ...reads].flatMap((tile) => last.get(tile) ?? []))];
    tasks.push({ id, needs, seconds: seconds * scale * (0.9 + 0.2 * random.next()), bytes: 200_000 });
    last.set(writes, id);
  };
  for (let k = 0; k < tiles; k++) {
    touch('potrf', 0.4, `${k},${k}`, []);
    for (let i = k + 1; i < tiles; i++) touch('trsm', 1, `${i},${k}`, [`${k},${k}`]);
    for (let i = k + 1; i < tiles; i++) {
      for (let j = k + 1; j <= i; j++)
        touch(i === j ? 'syrk' : 'gemm', i === j ? 1 : 1.8, `${i},${j}`, [`${i},${k}`, `${j},${k}`]);
    }
  }
  return tasks;
}
