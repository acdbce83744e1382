// The default rule, and the mean and the median, on the updates of a round, beside numpy on one thread, with the script of
// `federation-robust`.

import type { Update } from '../../agents/federation/aggregation/aggregator.ts';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { WasmArithmetic } from '../../agents/federation/aggregation/wasm-arithmetic.ts';
import { numpySeconds } from '../federation-robust/numpy-seconds.ts';
import type { Report } from '../rig/report.ts';
import { BenchLearner } from './bench-learner.ts';

const TIMES = 3;

export function aggregationBesideNumpy(report: Report, counts: readonly number[], size: number): void {
  const arithmetic = new WasmArithmetic();
  for (const count of counts) {
    const updates: Update[] = Array.from({ length: count }, (_, number) => ({
      ...{ node: `n${number}`, weight: 100 },
      delta: new BenchLearner(size, 0, number).delta,
    }));
    const metric = { metric: 'aggregation, best of three', unit: 's' };
    for (const rule of ['default', 'fedavg', 'median'] as const) {
      const aggregator = createAggregator({ rule, liars: 0.3, clip: rule === 'default' ? 1.5 : 0 }, { arithmetic });
      let best = Number.POSITIVE_INFINITY;
      for (let time = 0; time < TIMES; time++) {
        const began = performance.now();
        aggregator.aggregate(updates);
        best = Math.min(best, (performance.now() - began) / 1000);
      }
      report.tell('parlmesh', { case: `${count} × ${size}, ${rule}`, ...metric, value: best });
    }
    for (const [rule, value] of Object.entries(numpySeconds(count, size, Math.floor(0.2 * count), TIMES))) {
      if (rule === 'fedavg' || rule === 'median') {
        report.tell('numpy', { case: `${count} × ${size}, ${rule}`, ...metric, value });
      }
    }
  }
}
