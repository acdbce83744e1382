// Finds the advisor's weights: an evolution strategy on mean job completion times, each generation on fresh scenarios that
// all its trials share. Begins from the plain rule "least work left first, 1.6 times the best worker is good enough", or from
// the present weights.

import { Worker } from 'node:worker_threads';
import { ADVISOR_WEIGHTS } from '../../agents/parl/advisor.ts';
import { EvolutionStrategy } from '../../agents/parl/environment/evolution.ts';
import { WEIGHTS } from '../../agents/parl/weighted-scheduler.ts';
import { seededRandom } from '../../core/random.ts';

export interface EvolutionSettings {
  seed: number;
  generations: number;
  /** Of one generation. */
  scenarios: number;
  threads: number;
  /** Goes on from the weights that the advisor has. */
  goOn: boolean;
}

const TRIALS = 20;
const PLAIN_RULE: Partial<Record<(typeof WEIGHTS)[number], number>> = {
  work: 1,
  critical: 0.01,
  patience: Math.log(1.6),
};

export async function evolveAdvisor(
  { seed, generations, scenarios, threads, goOn }: EvolutionSettings,
  tell: (line: object) => void,
): Promise<void> {
  const plain = Float64Array.from(WEIGHTS, (name) => PLAIN_RULE[name] ?? 0);
  const strategy = new EvolutionStrategy(
    goOn ? ADVISOR_WEIGHTS : plain,
    goOn ? 0.15 : 0.25,
    TRIALS,
    seededRandom(seed),
  );
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./play.worker.ts', import.meta.url)));
  for (let generation = 1; generation <= generations; generation++) {
    const trials = strategy.ask();
    const played = [...trials, strategy.mean.slice(), plain];
    const first = seed * 1_000_000 + generation * 1000;
    const figures = await Promise.all(
      workers.map((worker, index) => {
        const seeds = Array.from({ length: scenarios }, (_, i) => first + i).filter((_, i) => i % threads === index);
        return figuresOf(worker, { seeds, trials: played });
      }),
    );
    const mean = played.map((_, i) => figures.reduce((sum, part) => sum + part[i]!, 0) / scenarios);
    strategy.tell(trials, mean.slice(0, TRIALS));
    const [guess, rule] = mean.slice(TRIALS).map((log) => Math.exp(-log));
    tell({ stage: 'advisor', generation, deviation: strategy.deviation, gain: guess, plainRule: rule });
  }
  for (const worker of workers) await worker.terminate();
  tell({ stage: 'advisor', weights: [...strategy.mean].map((weight) => Number(weight.toFixed(3))) });
}

function figuresOf(worker: Worker, message: object): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  worker.once('message', resolve).once('error', reject);
  worker.postMessage(message);
  return promise;
}
