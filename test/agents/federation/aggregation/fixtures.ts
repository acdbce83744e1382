// Updates made for tests, and what flwr computed in float64.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import { normal } from '../../../../agents/parl/normal.ts';
import { seededRandom } from '../../../../core/random.ts';

export function updatesOf(rows: readonly (readonly number[])[], weights: readonly number[] = []): Update[] {
  return rows.map((row, i) => ({ node: `node-${i}`, delta: Float32Array.from(row), weight: weights[i] ?? 1 }));
}

/**
 * What honest nodes send: a common direction of norm 1 and noise of their own.
 * @param noise norm of the noise: at 2 two updates have a cosine of 0.2
 */
export function honestUpdates(count: number, { size = 400, noise = 1, seed = 1 } = {}): Update[] {
  const random = seededRandom(seed);
  const common = Float64Array.from({ length: size }, () => normal(random) / Math.sqrt(size));
  return Array.from({ length: count }, (_, i) => ({
    node: `honest-${i}`,
    delta: Float32Array.from(common, (value) => value + (noise * normal(random)) / Math.sqrt(size)),
    weight: 1,
  }));
}

export interface FlwrCase {
  n: number;
  d: number;
  f: number;
  /** Row by row. */
  X: number[];
  num_examples: number[];
  fedavg: number[];
  median: number[];
  trimmed_beta: number;
  trimmed: number[];
  krum: number[];
  multikrum_keep: number;
  multikrum_weighted_by_examples: number[];
  bulyan: number[];
}

/** Undefined where the fixtures are absent. */
export function readFlwr(): { cases: FlwrCase[] } | undefined {
  const data = process.env.PARLMESH_TEST_DATA ?? resolve(import.meta.dirname, '../../../../../shared/data');
  const file = join(data, '../fixtures/federation/aggregation_flwr.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: FlwrCase[] }) : undefined;
}
