// What other nodes say against themselves, and of the links to them, as clues for the self-healing of this node: they make what is
// seen here surer. Pure but for what was said last. docs/self-healing.md tells how little they count for.

import type { Signal } from '../../agents/mapek/signal.ts';
import type { Millis } from '../../core/clock.ts';
import { fleetSentence } from './anomaly-desk.ts';
import type { FleetMember } from './fleet-watch.ts';

type Score = Signal & { kind: 'score' };

/** What a peer calls a metric; anything else is not repeated to people. */
const METRIC = /^[a-z][a-z0-9.-]{0,40}$/;
const MOST_NAMED = 3;
const MOST_SENTENCE = 400;

export class PeerScores {
  readonly #self: string;
  readonly #isAcknowledged: (node: string) => boolean;
  #said = new Map<string, Score>();

  /** @param isAcknowledged whether people know that a node is unlike its like */
  constructor(self: string, isAcknowledged: (node: string) => boolean) {
    this.#self = self;
    this.#isAcknowledged = isAcknowledged;
  }

  /** All that is unusual by the peers' words, and once with a score of 0 what was and is no more. */
  signals(members: readonly FleetMember[], wall: Millis): Score[] {
    const before = this.#said;
    this.#said = new Map();
    for (const score of members.flatMap((member) => this.#scoresOf(member, wall))) {
      const key = `${score.metric} of ${score.subject}`;
      // In the words of the first time: the same thing again is no more evidence.
      this.#said.set(key, { ...score, why: before.get(key)?.why ?? score.why });
    }
    const over = [...before].filter(([key]) => !this.#said.has(key));
    return [...this.#said.values(), ...over.map(([, score]) => ({ ...score, at: wall, score: 0 }))];
  }

  #scoresOf({ node, summary, compared, since }: FleetMember, at: Millis): Score[] {
    if (node === this.#self) return [];
    const of = (subject: string, metric: string, score: number, why: string): Score => ({
      ...{ subject, at, from: node, kind: 'score', metric, score, why: why.slice(0, MOST_SENTENCE) },
    });
    const { score, raised } = summary;
    // The most unusual one alone: several words of one peer must not add up.
    const scores = raised
      .filter(({ subject, metric }) => subject === `link/${this.#self}` && METRIC.test(metric))
      .toSorted((a, b) => b.likelihood - a.likelihood)
      .slice(0, 1)
      .map(({ metric, likelihood }) =>
        of(`link/${node}`, metric, likelihood, `${node} says that ${metric} of its link to here is unusual`),
      );
    if (raised.length > 0) {
      const named = [...new Set(raised.map(({ metric }) => metric))].filter((metric) => METRIC.test(metric));
      const what = named.slice(0, MOST_NAMED).join(', ') || 'something';
      scores.push(of(`peer/${node}`, 'peer.score', score, `${node} says that ${what} of it is unusual`));
    }
    if (since !== undefined && compared !== undefined && !this.#isAcknowledged(node)) {
      scores.push(of(`peer/${node}`, 'peer.unlike', compared.likelihood, fleetSentence(node, compared)));
    }
    return scores;
  }
}
