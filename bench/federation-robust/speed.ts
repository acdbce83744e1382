// Seconds of a processor that each rule takes, the best of three, beside numpy on one thread: 100 and 1,000 updates of 20,000
// numbers. Seconds of the clock are the same on a quiet machine, and say nothing on a busy one; they stand beside.

import { performance } from 'node:perf_hooks';
import type { Update } from '../../agents/federation/aggregation/aggregator.ts';
import type { AggregationRule } from '../../agents/federation/aggregation/config.ts';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { WasmArithmetic } from '../../agents/federation/aggregation/wasm-arithmetic.ts';
import { normal } from '../../agents/parl/normal.ts';
import { seededRandom } from '../../core/random.ts';
import type { Report } from '../rig/report.ts';
import { numpySeconds } from './numpy-seconds.ts';

const SIZE = 20_000;
const TIMES = 3;
const LIARS = 0.2;
const RULES: readonly AggregationRule[] = [
  ...(['default', 'fedavg', 'median', 'trimmed-mean', 'krum'] as const),
  ...(['multi-krum', 'bulyan', 'geometric-median', 'root-trust'] as const),
];
const GOALS: Record<number, number> = { 100: 1, 1000: 5 };

export function measureSpeed(report: Report): void {
  const arithmetic = new WasmArithmetic();
  for (const count of [100, 1000]) {
    const random = seededRandom(count);
    const common = Float32Array.from({ length: SIZE }, () => normal(random));
    const updates: Update[] = Array.from({ length: count }, (_, i) => ({
      node: `node-${i}`,
      delta: common.map((value) => value + 2 * normal(random)),
      weight: 1,
    }));
    const metric = { metric: 'processor seconds, best of three', unit: 's' };
    for (const rule of RULES) {
      const target = rule === 'default' ? GOALS[count] : undefined;
      let [seconds, clock] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      const aggregator = createAggregator(
        { rule, liars: LIARS, clip: rule === 'default' ? 1.5 : 0 },
        { arithmetic, root: common },
      );
      for (let time = 0; time < TIMES; time++) {
        const [started, used] = [performance.now(), process.cpuUsage()];
        aggregator.aggregate(updates);
        const { user, system } = process.cpuUsage(used);
        seconds = Math.min(seconds, (user + system) / 1e6);
        clock = Math.min(clock, (performance.now() - started) / 1000);
      }
      const result = { case: `${count} × ${SIZE}, ${rule}`, ...metric, value: seconds };
      report.tell('parlmesh', target === undefined ? result : { ...result, target }, {
        clock: Number(clock.toPrecision(3)),
      });
    }
    for (const [rule, value] of Object.entries(numpySeconds(count, SIZE, LIARS * count, TIMES))) {
      report.tell('numpy', { case: `${count} × ${SIZE}, ${rule}`, ...metric, value });
    }
  }
}
