import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { Link } from '../../../mesh/link/link-monitor.ts';
import { unmeasured } from '../../../mesh/link/link-quality.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { RoutePlanner } from '../../../mesh/routing/route-planner.ts';
import { Routing } from '../../../mesh/routing/routing.ts';
import { TrafficEngineering } from '../../../mesh/routing/traffic-engineering.ts';

const linkTo = (peer: string, cost: number): Link => ({
  peer,
  transport: 'memory',
  probe: 'stream',
  state: { kind: 'up', since: 0 },
  quality: { ...unmeasured, roundTrip: 1 },
  cost,
  since: 0,
  usable: true,
  flaps: 0,
  damped: false,
  indirect: undefined,
  pace: 'full',
  tried: [],
});

/** Node a with c behind b and d, and e behind c alone. */
function planner(): RoutePlanner {
  const nameOf = (id: string): string => `board-${id}`;
  const clock = new VirtualClock();
  const routing = new Routing({
    self: 'a',
    clock,
    nameOf,
    links: () => [linkTo('b', 10), linkTo('d', 10)],
    flood: () => {},
    computed: () => {},
    refresh: 60_000,
  });
  routing.start();
  const lists: Record<string, Record<string, number>> = {
    b: { a: 10, c: 10 },
    c: { b: 10, d: 25, e: 5 },
    d: { a: 10, c: 25 },
    e: { c: 5 },
  };
  for (const [origin, links] of Object.entries(lists)) {
    routing.onLinkState(origin, { links: Object.entries(links).map(([to, cost]) => ({ to, cost, roundTrip: 0 })) });
  }
  clock.advance(1000);
  const engineering = new TrafficEngineering(
    {
      ...{ self: 'a', clock, journal: { record: () => {} }, threads: 1, settings: { apply: 'off' } },
      network: { id: 'n', authority: SigningKey.generate().publicKey },
      authorityKey: undefined,
    },
    { ...{ routing, nameOf, drop: () => {}, lost: () => 0 }, gossip: { subscribe: () => {}, publish: () => {} } },
  );
  return new RoutePlanner({ self: 'a', running: () => ({ node: { routing, nameOf }, engineering }) });
}

describe('The route planner', () => {
  it('explains a route by the name or id of its end', () => {
    const explanation = planner().explain('board-c');
    expect(explanation).toEqual(planner().explain('c'));
    expect(explanation.route).toMatchObject({
      pathNames: ['board-b', 'board-c'],
      backup: { pathNames: ['board-d', 'board-c'] },
    });
    expect(explanation.alternatives).toEqual([{ path: ['d', 'c'], pathNames: ['board-d', 'board-c'], cost: 35 }]);
    expect(explanation.change?.sentence).toBe(
      'If the link from board-a to board-b cost more than 25 instead of 10, the route would go over board-d.',
    );
  });

  it('says that there is no route, and where to look', () => {
    expect(() => planner().explain('moon')).toThrow(expect.objectContaining({ code: 'ROUTE_UNKNOWN' }));
  });

  it('refuses to put a plan into force where costs stay as measured', async () => {
    await expect(planner().apply()).rejects.toMatchObject({ code: 'PLAN_NOT_HERE' });
    await expect(planner().undo()).rejects.toMatchObject({ code: 'PLAN_NOT_HERE' });
  });

  it('plans with the names of nodes, and once while nothing changes', async () => {
    const one = planner();
    const plan = await one.plan();
    expect(plan).toMatchObject({
      cutNodes: [{ nodeName: 'board-c', cutsOff: 1 }],
      cutLinks: [{ aName: 'board-c', bName: 'board-e', cutsOff: 1 }],
    });
    expect(await one.plan()).toEqual(plan);
  });
});
