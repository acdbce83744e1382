// The default rule, and the mean and the median, on the updates of a round, beside numpy on one thread, with the script of
// `federation-robust`.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Update } from '../../agents/federation/aggregation/aggregator.ts';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { WasmArithmetic } from '../../agents/federation/aggregation/wasm-arithmetic.ts';
import { note, type Report } from '../rig/report.ts';
import { BenchLearner } from './bench-learner.ts';

const TIMES = 3;
const SCRIPT = join(import.meta.dirname, '../federation-robust/numpy_rules.py');

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
    for (const [rule, value] of Object.entries(numpySeconds(count, size))) {
      if (rule === 'fedavg' || rule === 'median') {
        report.tell('numpy', { case: `${count} × ${size}, ${rule}`, ...metric, value });
      }
    }
  }
}

/** Empty where numpy is not installed. */
function numpySeconds(count: number, size: number): Record<string, number> {
  try {
    const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
    const args = [SCRIPT, String(count), String(size), String(Math.floor(0.2 * count)), String(TIMES)];
    return JSON.parse(execFileSync('/usr/bin/python3', args, { encoding: 'utf8', timeout: 300_000, env }));
  } catch (error) {
    note(`numpy could not be run (apt-get install python3-numpy): ${String(error).split('\n')[0]}`);
    return {};
  }
}
