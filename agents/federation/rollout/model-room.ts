// The models of one learner in the coordinator's store, with what is known of them.

import type { Clock } from '../../../core/clock.ts';
import type { Learner, Model } from '../learner.ts';
import { bytesOf, numbersOf } from '../learners/vectors.ts';
import type { FederationStorage } from '../storage.ts';
import { type LineageText, type RolloutRecord, readLineage, UNJUDGED } from './lineage.ts';

const MOST_REASON = 1200;
const MOST_STAGES = 16;

/** Rejects with `FEDERATION_STORE_FAILED`, all of it. */
export class ModelRoom {
  readonly #storage: FederationStorage;
  readonly #learner: Learner;
  readonly #clock: Clock;
  #text: { version: string; text: string } | undefined;

  constructor(storage: FederationStorage, learner: Learner, clock: Clock) {
    this.#storage = storage;
    this.#learner = learner;
    this.#clock = clock;
  }

  /** Undefined for one that is not kept, or has another shape. */
  async load(version: string): Promise<Model | undefined> {
    const { name, size } = this.#learner;
    const stored = await this.#storage.model(name, version);
    if (stored === undefined || stored.parameters.byteLength !== 4 * size) return undefined;
    return { version, parameters: numbersOf(stored.parameters) };
  }

  /** Its numbers as they travel; the last one is kept, since many nodes get it. */
  async text(version: string): Promise<string | undefined> {
    if (this.#text?.version !== version) {
      const model = await this.load(version);
      this.#text = model && { version, text: textOf(model.parameters) };
    }
    return this.#text?.text;
  }

  /** @param parameters float32, little-endian */
  async put(version: string, lineage: LineageText, parameters: Uint8Array): Promise<void> {
    const text = JSON.stringify(lineage);
    await this.#storage.putModel({ learner: this.#learner.name, version, lineage: text, parameters });
  }

  async lineage(version: string): Promise<LineageText> {
    const stored = await this.#storage.model(this.#learner.name, version);
    return readLineage(stored?.lineage ?? '{}');
  }

  /** The latest round of these models; 0 for none. */
  async latestRound(versions: readonly (string | undefined)[]): Promise<number> {
    const rounds = await Promise.all(
      versions.map(async (version) => (version === undefined ? 0 : ((await this.lineage(version)).origin?.round ?? 0))),
    );
    return Math.max(0, ...rounds);
  }

  /** Adds to what is known of a model. @param stage what it showed */
  async record(version: string, told: Partial<RolloutRecord>, stage?: string): Promise<void> {
    const stored = await this.#storage.model(this.#learner.name, version);
    if (stored === undefined) return;
    const lineage = readLineage(stored.lineage);
    const before: RolloutRecord = lineage.rollout ?? UNJUDGED;
    const others = before.stages.filter((each) => each !== stage);
    const next: RolloutRecord = {
      ...{ ...before, ...told },
      at: this.#clock.wall(),
      reason: (told.reason ?? before.reason).slice(0, MOST_REASON),
      stages: stage === undefined ? before.stages : [...others, stage.slice(0, MOST_REASON)].slice(-MOST_STAGES),
    };
    await this.#storage.putModel({ ...stored, lineage: JSON.stringify({ ...lineage, rollout: next }) });
  }
}

/** Float32, little-endian, base64. */
export function textOf(parameters: Float32Array): string {
  return Buffer.from(bytesOf(parameters)).toString('base64');
}
