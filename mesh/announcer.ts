// What a node says of itself, again and again: who it is and where, its summary, its anomaly score.

import type { Clock, Millis, Timer } from '../core/clock.ts';
import type { Gossip } from './gossip/gossip.ts';
import {
  anomalyTopic,
  DEFAULT_AREA,
  membershipTopic,
  type NodeSummary,
  REFRESH,
  summaryTopic,
} from './gossip/topics.ts';
import type { NodeId } from './membership/keys.ts';
import { Throttle } from './throttle.ts';
import type { MeshTopology } from './views.ts';

export interface AnnouncerParts {
  gossip: Gossip;
  clock: Clock;
  name: string;
  version: string;
  addresses: () => string[];
  /** Left out: no summary is said, and no score. */
  summary?: (() => NodeSummary) | undefined;
}

/** A smaller change of the score waits for the next refresh. */
const SCORE_STEP = 0.01;
const SCORE_PERIOD: Millis = 1000;

export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #scoreThrottle: Throttle;
  #timers: Timer[] = [];
  #score = 0;
  #saidScore = 0;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    this.#scoreThrottle = new Throttle(parts.clock, SCORE_PERIOD, () => this.#sayScore());
  }

  start(): void {
    const { clock } = this.#parts;
    this.repeat();
    this.#timers = [
      clock.every(REFRESH.membership, () => this.#sayMembership(true)),
      clock.every(REFRESH.summary, () => this.#saySummary()),
    ];
  }

  /** Says everything now. */
  repeat(): void {
    this.#sayMembership(true);
    this.#saySummary();
  }

  /** Says goodbye. */
  stop(): void {
    this.#scoreThrottle.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#sayMembership(false);
  }

  setScore(score: number): void {
    this.#score = Math.min(1, Math.max(0, score));
    const running = this.#timers.length > 0;
    if (running && Math.abs(this.#score - this.#saidScore) >= SCORE_STEP) this.#scoreThrottle.request();
  }

  /** This node on the map. */
  topologyNode(id: NodeId): MeshTopology['nodes'][number] {
    const { name, summary, gossip } = this.#parts;
    const profile = summary?.().profile;
    const { area } = gossip;
    const shown = { id, name, self: true, state: 'connected', score: this.#score, area } as const;
    return { ...shown, ...(profile !== undefined && { profile }) };
  }

  #sayMembership(present: boolean): void {
    const { gossip, name, version, addresses } = this.#parts;
    gossip.publish(membershipTopic, {
      name,
      addresses: addresses().slice(0, 16),
      version: version.slice(0, 64),
      present,
      ...(gossip.area !== DEFAULT_AREA && { area: gossip.area }),
    });
  }

  #saySummary(): void {
    const { gossip, summary } = this.#parts;
    if (summary === undefined) return;
    gossip.publish(summaryTopic, summary());
    this.#sayScore();
  }

  #sayScore(): void {
    this.#saidScore = this.#score;
    this.#parts.gossip.publish(anomalyTopic, { score: this.#score });
  }
}
