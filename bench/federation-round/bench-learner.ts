// What the nodes of the bench federate: 20,000 numbers whose training is a wait of known length. The update that comes of it
// is a noisy step in a direction that all share, so that the aggregation has what it would have.

import type { Learner, Model, Trained, TrainingPlan } from '../../agents/federation/learner.ts';
import { bytesOf, versionOf } from '../../agents/federation/messages.ts';
import type { Candidate, CandidateDesk } from '../../agents/federation/rollout/candidate.ts';
import { normal } from '../../agents/parl/normal.ts';
import { delay } from '../../core/clock.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';

export const LEARNER = 'bench';

/** Different noises; drawing one of its own for each of a thousand nodes would take longer than all rounds. */
const NOISES = 32;
const drawn = new Map<string, Float32Array>();

function normals(size: number, seed: number): Float32Array {
  const key = `${size}/${seed}`;
  const random = seededRandom(seed);
  const numbers = drawn.get(key) ?? Float32Array.from({ length: size }, () => normal(random));
  drawn.set(key, numbers);
  return numbers;
}

export class BenchLearner implements Learner {
  readonly name = LEARNER;
  readonly title = 'Bench';
  readonly size: number;
  readonly format = 1;
  readonly #wait: number;
  /** What its training always comes to. */
  readonly delta: Float32Array;
  readonly #model: Model;

  /** @param wait seconds that training takes */
  constructor(size: number, wait: number, node: number) {
    this.size = size;
    this.#wait = wait;
    const random = seededRandom(node + 2);
    const [common, noise] = [normals(size, 1), normals(size, 2 + (Math.abs(node) % NOISES))];
    // The same noise begun elsewhere is another one.
    const from = random.below(size);
    const at = (i: number): number => (from + i) % size;
    this.delta = common.map((value, i) => 0.01 * (value + 2 * noise[at(i)]!));
    const parameters = new Float32Array(size);
    this.#model = { version: versionOf(bytesOf(parameters)), parameters };
  }

  current(): Model {
    return this.#model;
  }

  examples(): number {
    return 100;
  }

  async train(_from: Model, _plan: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    if (this.#wait > 0) await delay(systemClock, this.#wait * 1000, signal);
    return { delta: this.delta, examples: 100, metrics: { loss: 1 } };
  }

  compare() {
    return Promise.resolve({ gain: 1, trials: 1, sentence: 'nothing is compared here' });
  }

  async adopt(): Promise<void> {}
  async takeBack(): Promise<void> {}

  performance() {
    return undefined;
  }
}

/** Lets all candidates pass: the roll-out is measured elsewhere. */
export class BenchDesk implements CandidateDesk {
  #settled: Model;

  constructor(first: Model) {
    this.#settled = first;
  }

  async propose({ parameters }: Candidate): Promise<string> {
    this.#settled = { version: versionOf(bytesOf(parameters)), parameters };
    return this.#settled.version;
  }

  isBusy(): boolean {
    return false;
  }

  async settled(): Promise<Model> {
    return this.#settled;
  }

  onEnded(): () => void {
    return () => {};
  }
}
