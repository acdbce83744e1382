// What the nodes tell each other of their traffic, seldom and short, so that a plan works on what is really sent.

import { type Static, Type } from 'typebox';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Topic } from '../gossip/topics.ts';
import type { NodeId } from '../membership/keys.ts';
import { type Demand, demandOf } from './demand.ts';
import { arcBetween, type Graph, inSteps } from './graph.ts';
import type { MeasuredRate, TrafficMeter } from './traffic-meter.ts';

const MOST_TOLD = 32;
const MOST_RAISED_LINKS = 64;
/** Bytes per second below which nothing is told: pings and greetings are no traffic. */
const LEAST_TOLD = 100;
/** Of all nodes together, below which the plan counts all pairs the same. */
const LEAST_PLANNED = 10_000;
const PERIOD: Millis = 15_000;
const REFRESH: Millis = 60_000;
/** Traffic that grew or shrank so many times is told before the next refresh. */
const BIG_CHANGE = 2;

const Neighbour = Type.String({ minLength: 40, maxLength: 64 });
const Rate = Type.Number({ minimum: 0, maximum: 1e12 });
const Rates = Type.Array(Type.Object({ to: Neighbour, rate: Rate, most: Type.Optional(Rate) }), {
  maxItems: MOST_TOLD,
});

export const TrafficPayload = Type.Object({
  /** Bytes per second that the origin sends to others, the most first. */
  sends: Rates,
  /** What it puts on its links, whoever sent it; `most` is the highest ever seen. */
  links: Rates,
  /** Bytes per second that each of its links bears, where it was told. */
  linkSpeed: Type.Optional(Rate),
  /** Its links that cost more than measured, by a plan: what they cost without. */
  raised: Type.Array(Type.Object({ to: Neighbour, measured: Type.Number({ minimum: 1, maximum: 1e6 }) }), {
    maxItems: MOST_RAISED_LINKS,
  }),
  /** Frames per second that found no room. */
  lost: Type.Number({ minimum: 0, maximum: 1e9 }),
});
export type TrafficPayload = Static<typeof TrafficPayload>;

export const trafficTopic = {
  name: 'traffic',
  kind: 'state',
  schema: TrafficPayload,
  lifetime: 3 * REFRESH,
  scope: 'area',
} as const satisfies Topic;

export interface TrafficReportsParts {
  self: NodeId;
  clock: Clock;
  meter: TrafficMeter;
  /** Frames that found no room since the start. */
  lost: () => number;
  /** Links that cost more than measured, by a plan. */
  raised: () => { to: NodeId; measured: number }[];
  /** Bytes per second that a link of this node bears. */
  linkSpeed: number | undefined;
}

export class TrafficReports {
  readonly #parts: TrafficReportsParts;
  readonly #heard = new Map<NodeId, TrafficPayload>();
  #gossip: Pick<Gossip, 'publish'> | undefined;
  #timer: Timer | undefined;
  #said: { at: Millis; total: number } = { at: Number.NEGATIVE_INFINITY, total: 0 };
  #lost = 0;
  #lostRate = 0;
  #version = 0;

  constructor(parts: TrafficReportsParts) {
    this.#parts = parts;
  }

  /** Before the gossip's transports start. */
  subscribe(gossip: Pick<Gossip, 'subscribe' | 'publish'>): void {
    this.#gossip = gossip;
    gossip.subscribe(trafficTopic, {
      message: ({ origin, payload }) => {
        this.#heard.set(origin, payload);
        this.#version++;
      },
      ended: (origin) => {
        this.#heard.delete(origin);
        this.#version++;
      },
    });
  }

  start(): void {
    this.#timer = this.#parts.clock.every(PERIOD, () => this.#endPeriod());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Another number when the answers may be others. */
  get version(): number {
    return this.#version;
  }

  /** Says it now: the costs of our links are others. */
  repeat(): void {
    this.#version++;
    this.#say(true);
  }

  /** The network with the costs as they are measured, also where a plan raised them. */
  measuredGraph(graph: Graph): Graph {
    const costs = graph.costs.slice();
    for (const [origin, { raised }] of this.#reports()) {
      for (const { to, measured } of raised) {
        const arc = arcBetween(graph, origin, to);
        if (arc !== undefined) costs[arc] = Math.min(costs[arc]!, inSteps(measured));
      }
    }
    return { ...graph, costs };
  }

  /** Bytes per second that all nodes say they send. */
  total(): number {
    return [...this.#reports()].reduce((sum, [, { sends }]) => sum + totalOf(sends), 0);
  }

  /** Whether enough is sent to plan on. */
  isEnough(): boolean {
    return this.total() >= LEAST_PLANNED;
  }

  /** Frames per second, of all nodes, that found no room. */
  lost(): number {
    return [...this.#reports()].reduce((sum, [, { lost }]) => sum + lost, 0);
  }

  /** Undefined while too little is sent to plan on. */
  demand({ ids, index }: Graph): Demand | undefined {
    if (!this.isEnough()) return undefined;
    const reports = this.#reports();
    return demandOf(ids.length, (source) => rowOf(reports.get(ids[source]!), index));
  }

  /** What each link carries, in bytes per second, by arc. */
  carried(graph: Graph): Float64Array {
    const carried = new Float64Array(graph.targets.length);
    for (const [origin, { links }] of this.#reports()) {
      for (const { to, rate } of links) {
        const arc = arcBetween(graph, origin, to);
        if (arc !== undefined) carried[arc] = rate;
      }
    }
    return carried;
  }

  /**
   * What each link bears: as the slower of its ends was told, at least what was seen on it. Links that nobody knows of
   * count as the fastest. Undefined where no node was told.
   */
  capacities(graph: Graph): Float64Array | undefined {
    const reports = this.#reports();
    const speeds = [...reports.values()].flatMap(({ linkSpeed }) => linkSpeed ?? []);
    if (speeds.length === 0) return undefined;
    const fastest = Math.max(...speeds);
    const speedOf = (node: number): number => reports.get(graph.ids[node]!)?.linkSpeed ?? fastest;
    const capacities = Float64Array.from(graph.targets, (to, arc) =>
      Math.min(speedOf(to), speedOf(graph.targets[graph.opposite[arc]!]!)),
    );
    for (const [origin, { links }] of reports) {
      for (const { to, most = 0 } of links) {
        const arc = arcBetween(graph, origin, to);
        if (arc !== undefined) capacities[arc] = Math.max(1, capacities[arc]!, most);
      }
    }
    return capacities;
  }

  #reports(): ReadonlyMap<NodeId, TrafficPayload> {
    return new Map([...this.#heard, [this.#parts.self, this.#own()]]);
  }

  #own(): TrafficPayload {
    const { meter, linkSpeed, raised } = this.#parts;
    return {
      sends: told(meter.destinations(MOST_TOLD)),
      links: told(meter.links(MOST_TOLD)),
      ...(linkSpeed !== undefined && { linkSpeed }),
      raised: raised().slice(0, MOST_RAISED_LINKS),
      lost: this.#lostRate,
    };
  }

  #endPeriod(): void {
    const { meter, lost } = this.#parts;
    meter.endPeriod();
    const now = lost();
    this.#lostRate = (1000 * (now - this.#lost)) / PERIOD;
    this.#lost = now;
    if (meter.links(1).length > 0 || this.#said.total > 0) this.#version++;
    this.#say();
  }

  /** On a big change, else at each refresh; nothing while there is nothing to tell. */
  #say(now = false): void {
    const { clock } = this.#parts;
    const own = this.#own();
    const total = totalOf(own.links);
    const { at, total: before } = this.#said;
    if (!now && total === 0 && before === 0 && own.raised.length === 0) return;
    const changed = now || total > BIG_CHANGE * before || before > BIG_CHANGE * total;
    if (!changed && clock.now() - at < REFRESH) return;
    this.#said = { at: clock.now(), total };
    this.#gossip?.publish(trafficTopic, own);
  }
}

const totalOf = (rates: TrafficPayload['sends']): number => rates.reduce((sum, { rate }) => sum + rate, 0);

function told(rates: readonly MeasuredRate[]): TrafficPayload['sends'] {
  return rates
    .filter(({ rate }) => rate >= LEAST_TOLD)
    .map(({ to, rate, most }) => ({ to, rate: Math.round(rate), most: Math.round(most) }));
}

function rowOf(report: TrafficPayload | undefined, index: ReadonlyMap<NodeId, number>): [number, number][] {
  return (report?.sends ?? []).flatMap(({ to, rate }) => {
    const target = index.get(to);
    return target === undefined ? [] : [[target, rate] as [number, number]];
  });
}
