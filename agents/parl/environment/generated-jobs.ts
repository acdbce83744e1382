// Jobs drawn at random from families of graphs, for training and for comparison: sizes and run times are heavy-tailed, as
// those of real clusters are.

import type { Random } from '../../../core/random.ts';
import { type GraphTask, JobGraph } from '../../swarm/job-graph.ts';
import { normal } from '../normal.ts';

export type Family = 'chain' | 'fork-join' | 'layers' | 'map-reduce' | 'tree' | 'diamond' | 'pipelines' | 'nested';

export const FAMILIES: readonly Family[] = [
  'chain',
  'fork-join',
  'layers',
  'map-reduce',
  'tree',
  'diamond',
  'pipelines',
  'nested',
];

/** Bytes of a result for each second of work, in the middle. */
const BYTES_PER_SECOND = 20_000;

/** @param scale seconds of a middling task */
export function generateJob(family: Family, random: Random, scale = 10): JobGraph {
  if (family === 'nested') return nestedJob(random, scale);
  const size = Math.round(4 * pareto(random, 1.3, 12));
  const jobScale = scale * logNormal(random, 0.7);
  const tasks: GraphTask[] = [];
  let stageSeconds = 0;
  /** Tasks of one stage do alike work. */
  const stage = (): void => {
    stageSeconds = jobScale * logNormal(random, 0.8);
  };
  const add = (needs: readonly string[]): string => {
    const id = `t${tasks.length}`;
    const seconds = stageSeconds * logNormal(random, 0.25);
    tasks.push({ id, needs, seconds, bytes: Math.round(seconds * BYTES_PER_SECOND * logNormal(random, 1)) });
    return id;
  };
  const many = (count: number, needs: (index: number) => readonly string[]): string[] => {
    stage();
    return Array.from({ length: count }, (_, index) => add(needs(index)));
  };
  const some = (from: readonly string[], most: number): string[] => {
    const picked = new Set<string>();
    const count = 1 + random.below(Math.min(most, from.length));
    while (picked.size < count) picked.add(from[random.below(from.length)]!);
    return [...picked];
  };

  switch (family) {
    case 'chain': {
      let last: readonly string[] = [];
      for (let i = 0; i < Math.min(size, 20); i++) last = many(1, () => last);
      break;
    }
    case 'fork-join': {
      let last: readonly string[] = [];
      for (let left = size; left > 0; left -= 2) {
        const width = 1 + random.below(Math.max(2, Math.floor(size / 2)));
        const fork = many(1, () => last);
        last = many(1, () => many(width, () => fork));
        left -= width;
      }
      break;
    }
    case 'layers': {
      let last: readonly string[] = [];
      for (let left = size; left > 0; ) {
        const width = Math.min(left, 1 + random.below(8));
        const before = last;
        last = many(width, () => (before.length === 0 ? [] : some(before, 3)));
        left -= width;
      }
      break;
    }
    case 'map-reduce': {
      const maps = many(size, () => []);
      many(1 + random.below(Math.ceil(size / 4)), () => maps);
      break;
    }
    case 'tree': {
      let last = many(size, () => []);
      while (last.length > 1) {
        const below = last;
        last = many(Math.ceil(below.length / 2), (index) => below.slice(2 * index, 2 * index + 2));
      }
      break;
    }
    case 'diamond': {
      const width = Math.max(2, Math.ceil(Math.sqrt(size)));
      const first = many(1, () => []);
      const middle = many(width, () => first);
      const next = many(width, (index) => [middle[index]!, middle[(index + 1) % width]!]);
      many(1, () => next);
      break;
    }
    case 'pipelines': {
      const lanes = Math.max(2, Math.ceil(size / 4));
      const source = many(1, () => []);
      let last = many(lanes, () => source);
      for (let depth = 1 + random.below(4); depth > 0; depth--) {
        const before = last;
        last = many(lanes, (index) => [before[index]!]);
      }
      many(1, () => last);
      break;
    }
  }
  return new JobGraph(tasks);
}

/**
 * Stages, one after another or side by side, in each other three deep: series-parallel graphs whose stages differ by far in
 * width and in the time that their tasks take, as recorded workflows' do.
 */
function nestedJob(random: Random, scale: number): JobGraph {
  const tasks: GraphTask[] = [];
  const jobScale = scale * logNormal(random, 1);
  const spread = 0.3 + 1.7 * random.next();
  let left = Math.round(6 * pareto(random, 1, 30));
  const add = (needs: readonly string[], stageSeconds: number): string => {
    const id = `t${tasks.length}`;
    const seconds = stageSeconds * logNormal(random, 0.3);
    tasks.push({ id, needs, seconds, bytes: Math.round(seconds * BYTES_PER_SECOND * logNormal(random, 1)) });
    left--;
    return id;
  };
  const grow = (needs: readonly string[], depth: number): readonly string[] => {
    const kind =
      depth === 0 || left < 2 ? 'stage' : (['series', 'series', 'stage', 'parallel'] as const)[random.below(4)]!;
    if (kind === 'series') {
      let last = needs;
      for (let part = 1 + random.below(4); part > 0; part--) last = grow(last, depth - 1);
      return last;
    }
    if (kind === 'parallel') {
      return Array.from({ length: 2 + random.below(4) }, () => grow(needs, depth - 1)).flat();
    }
    const seconds = jobScale * logNormal(random, spread);
    const width = random.next() < 0.4 ? 1 : 1 + Math.floor(Math.max(0, left) * random.next() * 0.6);
    return Array.from({ length: width }, () => add(needs, seconds));
  };
  let last: readonly string[] = [];
  do {
    // A join keeps the number of edges small.
    const needs = last.length > 30 ? [add(last, jobScale * logNormal(random, spread))] : last;
    last = grow(needs, 3);
  } while (left > 3);
  return new JobGraph(tasks);
}

/** At least 1; the smaller `shape`, the longer the tail. */
function pareto(random: Random, shape: number, most: number): number {
  return Math.min(most, (1 - random.next()) ** (-1 / shape));
}

function logNormal(random: Random, deviation: number): number {
  return Math.exp(deviation * normal(random));
}
