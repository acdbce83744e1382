// What a coordinator thinks of nodes, one document a learner, written down after each round.

import { messageOf } from '../../core/errors.ts';
import type { Verdict } from './aggregation/aggregator.ts';
import {
  afterRound,
  noReputations,
  type ReputationConfig,
  type Reputations,
  readReputations,
  reputationOf,
  trustIn,
} from './aggregation/reputation.ts';
import type { Reputation } from './rounds/ports.ts';
import type { FederationStorage } from './storage.ts';

export class KeptReputations implements Reputation {
  readonly #storage: Pick<FederationStorage, 'document' | 'putDocument'>;
  readonly #config: ReputationConfig;
  readonly #known = new Map<string, Reputations>();
  /** Last rounds that were judged: what is judged twice counts once. */
  readonly #judged = new Map<string, number>();

  constructor(storage: Pick<FederationStorage, 'document' | 'putDocument'>, config: ReputationConfig) {
    this.#storage = storage;
    this.#config = config;
  }

  /** Reads what was kept. All nodes begin as strangers where it cannot be read: resolves with why then. */
  async load(learner: string): Promise<string | undefined> {
    const text = await this.#storage.document(nameOf(learner));
    if (text === undefined) return undefined;
    try {
      const reputations = readReputations(text);
      this.#known.set(learner, reputations);
      this.#judged.set(learner, Math.max(0, ...Object.values(reputations.nodes).map(({ round }) => round)));
      return undefined;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  of(learner: string, node: string): number {
    return reputationOf(this.#of(learner), node);
  }

  /** What an update's weight is multiplied by. */
  trust(learner: string, node: string): number {
    return trustIn(this.#of(learner), node, this.#config);
  }

  async judged(learner: string, round: number, verdicts: readonly Verdict[]): Promise<void> {
    if (round <= (this.#judged.get(learner) ?? 0)) return;
    const after = afterRound(this.#of(learner), verdicts, round, this.#config);
    await this.#storage.putDocument(nameOf(learner), JSON.stringify(after));
    this.#known.set(learner, after);
    this.#judged.set(learner, round);
  }

  #of(learner: string): Reputations {
    return this.#known.get(learner) ?? noReputations();
  }
}

const nameOf = (learner: string): string => `federation-reputations-${learner}`;
