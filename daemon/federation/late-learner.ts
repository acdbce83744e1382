// A learner whose parts open only after the store has: it has its name and shape from the beginning, and refuses to work until
// then.

import type { RuleOverrides } from '../../agents/federation/aggregation/config.ts';
import type {
  Comparison,
  Learner,
  Model,
  ModelOrigin,
  Trained,
  TrainingPlan,
} from '../../agents/federation/learner.ts';

export class LateLearner implements Learner {
  readonly name: string;
  readonly title: string;
  readonly size: number;
  readonly format: number;
  readonly aggregation?: RuleOverrides;
  readonly #open: () => Learner;

  /** @param open throws while it cannot work */
  constructor(shape: Pick<Learner, 'name' | 'title' | 'size' | 'format' | 'aggregation'>, open: () => Learner) {
    this.name = shape.name;
    this.title = shape.title;
    this.size = shape.size;
    this.format = shape.format;
    if (shape.aggregation !== undefined) this.aggregation = shape.aggregation;
    this.#open = open;
  }

  current(): Model {
    return this.#open().current();
  }

  examples(): number {
    try {
      return this.#open().examples();
    } catch {
      // Nothing to bring yet.
      return 0;
    }
  }

  async train(from: Model, plan: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    return this.#open().train(from, plan, signal);
  }

  async compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison> {
    return this.#open().compare(candidate, baseline, signal);
  }

  async inspect(candidate: Float32Array, baseline: Float32Array): Promise<string | undefined> {
    return this.#open().inspect?.(candidate, baseline);
  }

  async adopt(model: Model, origin: ModelOrigin): Promise<void> {
    return this.#open().adopt(model, origin);
  }

  async takeBack(version: string, reason: string): Promise<void> {
    return this.#open().takeBack(version, reason);
  }

  performance(since?: number): ReturnType<Learner['performance']> {
    try {
      return this.#open().performance(since);
    } catch {
      return undefined;
    }
  }
}
