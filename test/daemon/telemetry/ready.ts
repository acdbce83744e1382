import { onTestFinished } from 'vitest';
import type { Bench } from './brokers.ts';

/** Stopped when the test is over. */
export function ready(bench: Bench): Bench {
  onTestFinished(() => bench.stop());
  return bench;
}
