// Steps of experience learned from a second on CartPole with CleanRL's settings, on one thread, beside torch (Debian's
// python3-torch) in turns; and whether CartPole is solved within 500,000 steps. `--seeds 10 --rounds 3`.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { WasmNetwork } from '../../agents/parl/ppo/wasm-network.ts';
import { note, Report } from '../rig/report.ts';
import { CART_POLE_SHAPE, learnCartPole } from './learn-cart-pole.ts';

const { values: options } = parseArgs({
  strict: false,
  options: { seeds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' } },
});
const [seeds, rounds] = [Number(options.seeds), Number(options.rounds)];
const report = new Report('ppo');
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const ours: number[] = [];
const torch: number[] = [];
learnCartPole(new WasmNetwork(CART_POLE_SHAPE), 0, 20_000, true);
for (let round = 0; round < rounds; round++) {
  const started = performance.now();
  const { steps } = learnCartPole(new WasmNetwork(CART_POLE_SHAPE), round, 200_000, true);
  ours.push((1000 * steps) / (performance.now() - started));
  const peer = torchSpeed(round);
  if (peer !== undefined) torch.push(peer);
}
const speed = { case: 'CartPole, one thread', metric: 'steps per second', unit: '1/s' };
report.tell('parlmesh', { ...speed, value: median(ours) });
if (torch.length > 0) report.tell('torch', { ...speed, value: median(torch) });

const solved: number[] = [];
for (let seed = 1; seed <= seeds; seed++) {
  const { solvedAt } = learnCartPole(new WasmNetwork(CART_POLE_SHAPE), seed, 500_000);
  if (solvedAt !== undefined) solved.push(solvedAt);
}
const solving = 'CartPole solved (mean of 100 episodes ≥ 475) within 500,000 steps';
report.tell('parlmesh', { case: solving, metric: `seeds of ${seeds}`, value: solved.length, unit: 'seeds' });
if (solved.length > 0) {
  report.tell('parlmesh', { case: solving, metric: 'steps needed, median', value: median(solved), unit: 'steps' });
}

/** Undefined where torch is not installed. */
function torchSpeed(seed: number): number | undefined {
  try {
    const script = join(import.meta.dirname, 'torch_ppo.py');
    const output = execFileSync('/usr/bin/python3', [script, '40000', String(seed)], {
      encoding: 'utf8',
      timeout: 300_000,
    });
    const { steps, seconds } = JSON.parse(output) as { steps: number; seconds: number };
    return steps / seconds;
  } catch (error) {
    note(`torch could not be run (apt-get install python3-torch): ${String(error).split('\n')[0]}`);
    return undefined;
  }
}
