import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { TopicHandler } from '../../../mesh/gossip/gossip.ts';
import { buildGraph } from '../../../mesh/routing/graph.ts';
import { TrafficMeter } from '../../../mesh/routing/traffic-meter.ts';
import { type TrafficPayload, TrafficReports } from '../../../mesh/routing/traffic-reports.ts';

const NOTHING: TrafficPayload = { sends: [], links: [], raised: [], lost: 0 };
const GRAPH = buildGraph(
  [
    ['a', 'b'],
    ['b', 'a', 'c'],
    ['c', 'b'],
  ].map(([origin, ...links]) => ({ origin: origin!, links: new Map(links.map((to) => [to, 10])) })),
);

function reports(linkSpeed?: number) {
  const clock = new VirtualClock();
  const said: unknown[] = [];
  const meter = new TrafficMeter('a', clock);
  const one = new TrafficReports({ self: 'a', clock, meter, lost: () => 0, raised: () => [], linkSpeed });
  let handler: TopicHandler<TrafficPayload> | undefined;
  one.subscribe({
    subscribe: (_topic, given) => {
      handler = given as TopicHandler<TrafficPayload>;
    },
    publish: (_topic, payload) => void said.push(payload),
  });
  one.start();
  const hear = (origin: string, payload: Partial<TrafficPayload>): void =>
    handler?.message({ origin, payload: { ...NOTHING, ...payload }, source: 'memory', time: 0 } as never);
  return { clock, said, meter, one, hear };
}

describe('Reports of traffic', () => {
  it('say nothing while nothing is sent', () => {
    const { clock, said } = reports();
    clock.advance(600_000);
    expect(said).toEqual([]);
  });

  it('come once a minute, earlier on a big change, and once more when it is over', () => {
    const { clock, said, meter } = reports();
    const send = (seconds: number, bytes: number): void => {
      for (let second = 0; second < seconds; second++) {
        meter.carried('b', { origin: 'a', destination: 'c' }, bytes);
        clock.advance(1000);
      }
    };
    send(600, 10_000);
    const steady = said.length;
    expect(steady).toBeGreaterThan(9);
    expect(steady).toBeLessThan(14);
    send(30, 1_000_000);
    expect(said.length).toBeGreaterThan(steady);
    clock.advance(600_000);
    expect(said.at(-1)).toMatchObject({ sends: [], links: [] });
    const last = said.length;
    clock.advance(600_000);
    expect(said.length).toBe(last);
  });

  it('make a demand of what all nodes send, unless that is too little', () => {
    const { one, hear } = reports();
    hear('c', { sends: [{ to: 'a', rate: 6000 }] });
    expect(one.demand(GRAPH)).toBeUndefined();
    hear('b', {
      sends: [
        { to: 'c', rate: 5000 },
        { to: 'stranger', rate: 9 },
      ],
    });
    const demand = one.demand(GRAPH)!;
    expect([...demand.offsets]).toEqual([0, 0, 1, 2]);
    expect([...demand.targets]).toEqual([2, 0]);
    expect([...demand.rates]).toEqual([5000, 6000]);
  });

  it('tell what links bear: the slower end, what was seen at least, the fastest where nobody knows', () => {
    const { one, hear } = reports();
    expect(one.capacities(GRAPH)).toBeUndefined();
    hear('b', { linkSpeed: 1000, links: [{ to: 'c', rate: 10, most: 5000 }] });
    hear('c', { linkSpeed: 3000 });
    expect([...one.capacities(GRAPH)!]).toEqual([1000, 1000, 5000, 1000]);
  });

  it('give back the measured costs of links that a plan raised', () => {
    const { one, hear } = reports();
    hear('b', {
      raised: [
        { to: 'c', measured: 7 },
        { to: 'nobody', measured: 1 },
      ],
    });
    hear('c', { raised: [{ to: 'b', measured: 99 }] });
    expect([...one.measuredGraph(GRAPH).costs]).toEqual([10, 10, 7, 10]);
    expect([...GRAPH.costs]).toEqual([10, 10, 10, 10]);
  });
});
