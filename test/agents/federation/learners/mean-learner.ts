// A learner in one file: the mean of some numbers. What a new learner has to bring, and no more.

import type {
  Comparison,
  Learner,
  Model,
  ModelOrigin,
  Performance,
  Trained,
  TrainingPlan,
} from '../../../../agents/federation/learner.ts';
import { KeptModel, type KeptModelParts } from '../../../../agents/federation/learners/kept-model.ts';
import type { Clock } from '../../../../core/clock.ts';

export class MeanLearner implements Learner {
  readonly name: string;
  readonly title = 'Mean of numbers';
  readonly size = 8;
  readonly format = 1;
  readonly #kept: KeptModel;
  readonly #target: number;
  #fresh = 10;
  /** What `performance` tells; tests set it. */
  measure: () => Omit<Performance, 'version'> | undefined = () => undefined;
  /** What `compare` tells; left out, what is true. */
  claimed: number | undefined;
  readonly told: string[] = [];

  constructor(target: number, parts: { storage: KeptModelParts['storage']; clock: Clock; name?: string }) {
    this.name = parts.name ?? 'mean';
    this.#target = target;
    this.#kept = new KeptModel({ ...parts, size: this.size, format: this.format });
  }

  current(): Model {
    return this.#kept.current;
  }

  examples(): number {
    return this.#fresh;
  }

  async train(from: Model, plan: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    signal.throwIfAborted();
    this.#fresh = 0;
    const delta = from.parameters.map((value) => (this.#target - value) / (1 + plan.proximal));
    return { delta, examples: 10, metrics: { error: Math.abs(delta[0]!) } };
  }

  async compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison> {
    signal.throwIfAborted();
    const error = (numbers: Float32Array): number => 1 + Math.abs(this.#target - numbers[0]!);
    const gain = this.claimed ?? error(baseline) / error(candidate);
    return {
      gain,
      interval: [0.98 * gain, 1.02 * gain],
      trials: 20,
      sentence: `errors are ${gain.toFixed(3)} times smaller`,
    };
  }

  async inspect(candidate: Float32Array): Promise<string | undefined> {
    return candidate.some((value) => Math.abs(value) > 50) ? 'a number is beyond 50' : undefined;
  }

  async adopt(model: Model, origin: ModelOrigin): Promise<void> {
    await this.#kept.adopt(model);
    this.told.push(`${model.version} of round ${origin.round}`);
  }

  async takeBack(version: string, reason: string): Promise<void> {
    if (await this.#kept.takeBack(version)) this.told.push(`${version} taken back: ${reason}`);
  }

  performance(): Performance | undefined {
    const measured = this.measure();
    return measured && { version: this.current().version, ...measured };
  }
}
