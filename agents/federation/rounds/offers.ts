// What nodes last said they could bring to rounds, and what else is known of them: the candidates of a selection.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { NetworkNode } from '../../network.ts';
import type { Learner } from '../learner.ts';
import { type Offer, offerTopic } from '../messages.ts';
import type { Reputation } from './ports.ts';
import type { CandidateNode } from './selection.ts';

const MOST_OFFERS = 20_000;

export interface OffersParts {
  self: string;
  nodes(): readonly NetworkNode[];
  /** Of this node, which does not hear itself. */
  own(): Offer | undefined;
  reputation?: Reputation;
  clock: Clock;
}

export class Offers {
  readonly #parts: OffersParts;
  readonly #offers = new Map<string, { offer: Offer; at: Millis }>();

  constructor(parts: OffersParts) {
    this.#parts = parts;
  }

  hear(node: string, offer: Offer): void {
    if (node === this.#parts.self) return;
    this.#offers.delete(node);
    this.#offers.set(node, { offer, at: this.#parts.clock.now() });
    if (this.#offers.size > MOST_OFFERS) this.#offers.delete(this.#offers.keys().next().value!);
  }

  candidates(learner: Pick<Learner, 'name' | 'format' | 'size'>): CandidateNode[] {
    const { self, reputation } = this.#parts;
    const known = new Map(this.#parts.nodes().map((node) => [node.id, node]));
    return [...this.#current()].flatMap(([node, { learners, pressure, battery }]): CandidateNode[] => {
      const offered = learners.find(({ name }) => name === learner.name);
      if (offered === undefined || offered.format !== learner.format || offered.size !== learner.size) return [];
      const reachable = node === self || (known.get(node)?.reachable ?? false);
      const trust = reputation?.of(learner.name, node) ?? 1;
      const score = known.get(node)?.score ?? 0;
      const board = { pressure, ...(battery !== undefined && { battery }) };
      return [{ node, examples: offered.examples, reachable, trust, score, ...board }];
    });
  }

  /**
   * The round of this term that more than a third of the nodes have heard of: where a coordinator that has lost its store
   * goes on. A third of liars cannot push it.
   */
  heard(learner: string, term: number): number {
    const rounds = [...this.#current()].flatMap(([, { learners }]) => {
      const heard = learners.find(({ name }) => name === learner)?.heard;
      return heard === undefined ? [] : [heard.term === term ? heard.round : 0];
    });
    return rounds.sort((a, b) => b - a)[Math.floor(rounds.length / 3)] ?? 0;
  }

  /** Those that count still; this node's own is asked for. */
  *#current(): Iterable<[string, Offer]> {
    const { clock, self, own } = this.#parts;
    const mine = own();
    if (mine !== undefined) yield [self, mine];
    for (const [node, { offer, at }] of this.#offers) {
      if (clock.now() - at <= offerTopic.lifetime) yield [node, offer];
      else this.#offers.delete(node);
    }
  }
}
