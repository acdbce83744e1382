// A coordinator's store in memory, for tests. It can lose its breath: `failing` makes all that follows reject.

import { advanced, arrivals } from '../../../agents/federation/shipping/arrivals.ts';
import {
  checked,
  type FederationStorage,
  refused,
  STORED_AT_MOST,
  type StoredModel,
  type StoredRound,
  type StoredUpdate,
} from '../../../agents/federation/storage.ts';
import type { ExperienceRow } from '../../../agents/parl/experience-storage.ts';
import { ParlmeshError } from '../../../core/errors.ts';

export interface MemoryBounds {
  rows: number;
  bytes: number;
}

export class MemoryFederationStorage implements FederationStorage {
  /** Set it to make everything reject with `FEDERATION_STORE_FAILED`. */
  failing: string | undefined;
  /** Called before every answer; tests make it slow. */
  before: () => Promise<void> = async () => {};
  readonly #bounds: MemoryBounds;
  readonly #rounds = new Map<string, Map<number, StoredRound>>();
  readonly #updates: StoredUpdate[] = [];
  #models: StoredModel[] = [];
  readonly #documents = new Map<string, string>();
  readonly #marks = new Map<string, number>();
  #rows: ExperienceRow[] = [];

  constructor(bounds: MemoryBounds = { rows: 1e6, bytes: 1e9 }) {
    this.#bounds = bounds;
  }

  /** All rows that are kept, in the order they came. */
  get rows(): readonly ExperienceRow[] {
    return this.#rows;
  }

  putRound(round: StoredRound): Promise<void> {
    return this.#do(() => {
      checked.round(round);
      const rounds = this.#rounds.get(round.learner) ?? new Map<number, StoredRound>();
      this.#rounds.set(round.learner, rounds.set(round.number, { ...round }));
      const ended = [...rounds.values()].filter((each) => each.ended).sort((a, b) => a.number - b.number);
      for (const { number } of ended.slice(0, Math.max(0, ended.length - STORED_AT_MOST.rounds))) {
        rounds.delete(number);
        this.#removeUpdates((update) => update.learner === round.learner && update.round === number);
      }
    });
  }

  round(learner: string, number: number): Promise<StoredRound | undefined> {
    return this.#do(() => {
      const found = this.#rounds.get(learner)?.get(number);
      return found && { ...found };
    });
  }

  rounds(learner: string, limit: number): Promise<StoredRound[]> {
    return this.#do(() =>
      [...(this.#rounds.get(learner)?.values() ?? [])]
        .sort((a, b) => b.number - a.number)
        .slice(0, Math.min(limit, STORED_AT_MOST.listed))
        .map((round) => ({ ...round })),
    );
  }

  putUpdate(update: StoredUpdate): Promise<boolean> {
    return this.#do(() => {
      checked.update(update);
      const { learner, round, node } = update;
      const ofRound = this.#updates.filter((each) => each.learner === learner && each.round === round);
      if (ofRound.some((each) => each.node === node)) return false;
      if (ofRound.length >= STORED_AT_MOST.updates) throw refused(`there are ${ofRound.length} updates already`);
      this.#updates.push({ ...update, data: new Uint8Array(update.data) });
      return true;
    });
  }

  updates(learner: string, round: number): Promise<StoredUpdate[]> {
    return this.#do(() =>
      this.#updates
        .filter((each) => each.learner === learner && each.round === round)
        .sort((a, b) => (a.node < b.node ? -1 : 1))
        .map((update) => ({ ...update })),
    );
  }

  dropUpdates(learner: string, round: number): Promise<void> {
    return this.#do(() => this.#removeUpdates((update) => update.learner === learner && update.round < round));
  }

  putModel(model: StoredModel): Promise<void> {
    return this.#do(() => {
      checked.model(model);
      const copy = { ...model, parameters: new Uint8Array(model.parameters) };
      const at = this.#models.findIndex(
        ({ learner, version }) => learner === model.learner && version === model.version,
      );
      if (at >= 0) this.#models[at] = copy;
      else if (this.#modelsOf(model.learner).length >= STORED_AT_MOST.models) {
        throw refused(`there are ${STORED_AT_MOST.models} models already`);
      } else this.#models.push(copy);
    });
  }

  model(learner: string, version: string): Promise<StoredModel | undefined> {
    return this.#do(() => this.#models.find((model) => model.learner === learner && model.version === version));
  }

  models(learner: string, limit: number): Promise<Omit<StoredModel, 'parameters'>[]> {
    return this.#do(() =>
      this.#modelsOf(learner)
        .reverse()
        .slice(0, Math.min(limit, STORED_AT_MOST.listed))
        .map(({ version, lineage }) => ({ learner, version, lineage })),
    );
  }

  dropModels(learner: string, keep: number, needed: readonly string[]): Promise<void> {
    return this.#do(() => {
      const newest = new Set(this.#modelsOf(learner).reverse().slice(0, keep));
      this.#models = this.#models.filter(
        (model) => model.learner !== learner || newest.has(model) || needed.includes(model.version),
      );
    });
  }

  putDocument(name: string, value: string): Promise<void> {
    return this.#do(() => {
      checked.document(name, value);
      if (!this.#documents.has(name) && this.#documents.size >= STORED_AT_MOST.documents) {
        throw refused(`there are ${STORED_AT_MOST.documents} documents already`);
      }
      this.#documents.set(name, value);
    });
  }

  document(name: string): Promise<string | undefined> {
    return this.#do(() => this.#documents.get(name));
  }

  putExperience(rows: readonly ExperienceRow[]): Promise<number> {
    return this.#do(() => {
      checked.experience(rows);
      let count = 0;
      for (const [node, list] of Map.groupBy(rows, (row) => row.node)) {
        const known = this.#marks.get(node) ?? 0;
        const { taken, mark } = arrivals(known, (sequence) => this.#has(node, sequence), list);
        this.#rows.push(...taken.map((row) => ({ ...row, data: new Uint8Array(row.data) })));
        if (mark > known) this.#marks.set(node, mark);
        count += taken.length;
      }
      this.#keepBounds();
      return count;
    });
  }

  received(node: string): Promise<number> {
    return this.#do(() => this.#marks.get(node) ?? 0);
  }

  skipTo(node: string, next: number): Promise<void> {
    return this.#do(() => {
      checked.skip(node, next);
      const raised = Math.max(this.#marks.get(node) ?? 0, next - 1);
      this.#marks.set(
        node,
        advanced(raised, (sequence) => this.#has(node, sequence)),
      );
    });
  }

  size(): Promise<{ experienceRows: number; experienceBytes: number; nodes: number }> {
    return this.#do(() => ({
      experienceRows: this.#rows.length,
      experienceBytes: this.#rows.reduce((sum, { data }) => sum + data.byteLength, 0),
      nodes: this.#marks.size,
    }));
  }

  async #do<T>(run: () => T): Promise<T> {
    await this.before();
    if (this.failing !== undefined) {
      throw new ParlmeshError('FEDERATION_STORE_FAILED', `The coordinator's store: ${this.failing}`);
    }
    return run();
  }

  #has(node: string, sequence: number): boolean {
    return this.#rows.some((row) => row.node === node && row.sequence === sequence);
  }

  #modelsOf(learner: string): StoredModel[] {
    return this.#models.filter((model) => model.learner === learner);
  }

  #removeUpdates(which: (update: StoredUpdate) => boolean): void {
    const kept = this.#updates.filter((update) => !which(update));
    this.#updates.splice(0, this.#updates.length, ...kept);
  }

  /** What is worth least of what is known to have come goes. */
  #keepBounds(): void {
    const bytes = (): number => this.#rows.reduce((sum, { data }) => sum + data.byteLength, 0);
    while (this.#rows.length > this.#bounds.rows || bytes() > this.#bounds.bytes) {
      const least = this.#rows
        .filter(({ node, sequence }) => sequence <= (this.#marks.get(node) ?? 0))
        .reduce<ExperienceRow | undefined>((a, b) => (a === undefined || b.priority < a.priority ? b : a), undefined);
      if (least === undefined) return;
      this.#rows = this.#rows.filter((row) => row !== least);
    }
  }
}
