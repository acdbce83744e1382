// Which node is unlike its like, from what nodes tell of themselves: compared whenever there is news, raised and cleared with
// hysteresis. A node that lies makes only itself look odd: the middle of its profile stands fewer than half. Pure but for the
// clock that is handed in.

import { compareFleet, type FleetNode } from '../../agents/anomaly/fleet.ts';
import { type AnomalySummary, anomalySummaryTopic } from '../../agents/anomaly/summary.ts';
import { CALM, type HysteresisRule, type HysteresisState, observe } from '../../agents/hysteresis.ts';
import type { Clock, Millis } from '../../core/clock.ts';
import { LEAST_SPREADS } from './readings.ts';

/** Told each 15 s: a node is unlike for ten minutes before it is said, as some work of its own is none of it. */
const RULE: HysteresisRule = { raise: 0.95, clear: 0.5, raiseAfter: 40, clearAfter: 3 };
const MOST_NODES = 1_000;

interface Heard {
  summary: AnomalySummary;
  at: Millis;
  /** Not compared yet. */
  isNew: boolean;
  state: HysteresisState;
  /** Wall-clock time. */
  since?: Millis;
  compared?: FleetNode;
}

export interface FleetMember {
  node: string;
  summary: AnomalySummary;
  /** Undefined before it was compared. */
  compared?: FleetNode;
  /** Since when it is unlike its like, milliseconds since 1970; undefined while it is not. */
  since?: Millis;
}

export type FleetEvent =
  | { kind: 'raised'; member: FleetMember & { compared: FleetNode } }
  | { kind: 'cleared'; node: string; since: Millis };

export class FleetWatch {
  readonly #clock: Clock;
  readonly #heard = new Map<string, Heard>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  hear(node: string, summary: AnomalySummary): void {
    const before = this.#heard.get(node);
    this.#heard.delete(node);
    if (this.#heard.size >= MOST_NODES) this.#heard.delete(this.#heard.keys().next().value!);
    this.#heard.set(node, { state: CALM, ...before, summary, at: this.#clock.now(), isNew: true });
  }

  /** Compares once where anything is new, and forgets who is silent. */
  look(): FleetEvent[] {
    const events = this.#forget();
    if (![...this.#heard.values()].some(({ isNew }) => isNew)) return events;
    const compared = compareFleet(
      new Map([...this.#heard].map(([node, { summary }]) => [node, summary])),
      LEAST_SPREADS,
    );
    for (const each of compared) {
      const heard = this.#heard.get(each.node)!;
      heard.compared = each;
      // Each word of a node counts once, however often others speak.
      if (!heard.isNew) continue;
      heard.isNew = false;
      const before = heard.state;
      heard.state = observe(before, each.likelihood, RULE);
      if (heard.state.raised === before.raised) continue;
      const { since } = heard;
      if (heard.state.raised) {
        heard.since = this.#clock.wall();
        events.push({ kind: 'raised', member: { ...memberOf(each.node, heard), compared: each } });
      } else {
        delete heard.since;
        events.push({ kind: 'cleared', node: each.node, since: since ?? this.#clock.wall() });
      }
    }
    return events;
  }

  members(): FleetMember[] {
    return [...this.#heard].map(([node, heard]) => memberOf(node, heard));
  }

  #forget(): FleetEvent[] {
    const now = this.#clock.now();
    const events: FleetEvent[] = [];
    for (const [node, { at, since }] of this.#heard) {
      if (now - at < anomalySummaryTopic.lifetime) continue;
      this.#heard.delete(node);
      if (since !== undefined) events.push({ kind: 'cleared', node, since });
    }
    return events;
  }
}

const memberOf = (node: string, { summary, compared, since }: Heard): FleetMember => ({
  ...{ node, summary },
  ...(compared !== undefined && { compared }),
  ...(since !== undefined && { since }),
});
