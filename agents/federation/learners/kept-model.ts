// The model of a learner that has no shelf of its own, as it is written down: the one that serves, and those that it can go
// back to. What comes in is checked whole.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Model } from '../learner.ts';
import { bytesOf, numbersOf, versionOf } from './vectors.ts';

const KeptDocument = Type.Object({
  format: Type.Integer(),
  /** Milliseconds since 1970 at which the last one began to serve. */
  since: Type.Number({ minimum: 0 }),
  /** The one that serves last. Float32, little-endian, base64. */
  models: Type.Array(Type.String({ maxLength: 6_000_000 }), { minItems: 1, maxItems: 8 }),
});
type KeptDocument = Static<typeof KeptDocument>;

export interface KeptModelParts {
  /** Of the learner. */
  size: number;
  format: number;
  storage: { read(): unknown; write(document: KeptDocument): Promise<void> };
  clock: Clock;
}

/** Models to go back to. */
const MOST_KEPT = 3;

export class KeptModel {
  readonly #parts: KeptModelParts;
  /** The one that serves last; the first one is all zeros. */
  #models: Model[];
  #since: Millis;

  constructor(parts: KeptModelParts) {
    this.#parts = parts;
    const { size, format, storage, clock } = parts;
    this.#models = [modelOf(new Float32Array(size))];
    this.#since = clock.wall();
    const stored = storage.read();
    if (!Value.Check(KeptDocument, stored) || stored.format !== format) return;
    const read = stored.models.map((text) => numbersOf(Buffer.from(text, 'base64')));
    if (!read.every((numbers) => numbers.length === size && numbers.every(Number.isFinite))) return;
    this.#models = read.map(modelOf);
    this.#since = stored.since;
  }

  get current(): Model {
    return this.#models.at(-1)!;
  }

  /** When it began to serve, milliseconds since 1970. */
  get since(): Millis {
    return this.#since;
  }

  /** Resolves once it is on the disk; where it cannot be written, nothing has changed. Throws `MODEL_INVALID`. */
  async adopt(model: Model): Promise<void> {
    checkModel(model, this.#parts.size);
    if (model.version === this.current.version) return;
    await this.#change([...this.#models.filter(({ version }) => version !== model.version), model]);
  }

  /** @returns whether it served, so that another one does now */
  async takeBack(version: string): Promise<boolean> {
    const isCurrent = this.current.version === version;
    const rest = this.#models.filter((model) => model.version !== version);
    if (rest.length === this.#models.length) return false;
    await this.#change(rest.length > 0 ? rest : [modelOf(new Float32Array(this.#parts.size))]);
    return isCurrent;
  }

  async #change(models: Model[]): Promise<void> {
    const { storage, format, clock } = this.#parts;
    const kept = models.slice(-MOST_KEPT - 1);
    const since = clock.wall();
    const texts = kept.map(({ parameters }) => Buffer.from(bytesOf(parameters)).toString('base64'));
    await storage.write({ format, since, models: texts });
    [this.#models, this.#since] = [kept, since];
  }
}

/** Throws `MODEL_INVALID`: another length, numbers that are not finite, or not those that the version names. */
export function checkModel({ version, parameters }: Model, size: number): void {
  const invalid = (why: string): ParlmeshError =>
    new ParlmeshError('MODEL_INVALID', `Model ${version} cannot serve: ${why}`);
  if (parameters.length !== size) throw invalid(`it has ${parameters.length} numbers; this learner needs ${size}`);
  const wrong = parameters.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw invalid(`number ${wrong} is ${parameters[wrong]}`);
  const real = versionOf(parameters);
  if (real !== version) throw invalid(`its numbers are those of ${real}`);
}

function modelOf(parameters: Float32Array): Model {
  return { version: versionOf(parameters), parameters };
}
