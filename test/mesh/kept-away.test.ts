import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { KeptAway } from '../../mesh/kept-away.ts';
import type { Link } from '../../mesh/link/link-monitor.ts';
import { MeshRouter } from '../../mesh/routing/mesh-router.ts';

import type { MeshLink } from '../../mesh/views.ts';

const COST = 10;
const linksTo = (...peers: string[]): Link[] => peers.map((peer) => ({ peer, cost: COST }) as Link);
const costs = (links: Link[]) => new Map(links.map(({ peer, cost }) => [peer, cost]));

/** a reaches b over r, and over x and y, which is longer; r tells its links as it prices them. */
function routerOfA(resting: KeptAway, more: Record<string, Link[]> = {}): MeshRouter {
  const router = new MeshRouter({ self: 'a', clock: new VirtualClock(), nameOf: (id) => id });
  const lists = {
    ...{ a: linksTo('r', 'x'), b: linksTo('r', 'y'), x: linksTo('a', 'y'), y: linksTo('x', 'b') },
    ...more,
    r: resting.priced(linksTo('a', 'b')),
  };
  for (const [node, links] of Object.entries(lists)) router.update(node, costs(links));
  router.compute();
  return router;
}
const firstHop = (router: MeshRouter, to: string) =>
  router.nextHop(to, { down: new Set(), settling: false })?.path[0] ?? 'none';

describe('a node that rests', () => {
  it('is gone around by what only passes through it, and reached as before', () => {
    const keptAway = new KeptAway();
    expect(firstHop(routerOfA(keptAway), 'b')).toBe('r');
    keptAway.isResting = true;
    expect(firstHop(routerOfA(keptAway), 'b')).toBe('x');
    expect(firstHop(routerOfA(keptAway), 'r')).toBe('r');
  });

  it('still serves where there is no other way', () => {
    const keptAway = new KeptAway();
    keptAway.isResting = true;
    expect(firstHop(routerOfA(keptAway, { x: [], y: [] }), 'b')).toBe('r');
  });
});

describe('a link that is avoided', () => {
  const MINUTE = 60_000;
  const link: MeshLink = {
    ...{ peer: 'b', peerName: 'b', transport: 'libp2p', probe: 'udp', pace: 'full', state: 'up', since: 0 },
    ...{ loss: 0, cost: COST, flaps: 4, damped: false },
  };

  it('is a last resort until it has held and lost little for ten minutes', () => {
    const keptAway = new KeptAway();
    keptAway.avoid('b', true, 0);
    const [priced] = keptAway.priced(linksTo('b', 'c'));
    expect([priced!.cost > 100 * COST, keptAway.marked(link).avoided]).toEqual([true, true]);
    const look = (minute: number, more: Partial<MeshLink> = {}) =>
      keptAway.reuse([{ ...link, ...more }], minute * MINUTE).map(({ peer }) => peer);
    expect(look(1)).toEqual([]);
    expect(look(5, { flaps: 5 })).toEqual([]);
    expect(look(9, { flaps: 5, loss: 0.2 })).toEqual([]);
    expect(look(10, { flaps: 5, state: 'down' })).toEqual([]);
    expect(look(19.9, { flaps: 5 })).toEqual([]);
    expect(look(20, { flaps: 5 })).toEqual(['b']);
    expect([keptAway.priced(linksTo('b'))[0]!.cost, keptAway.marked(link).avoided]).toEqual([COST, undefined]);
    expect(look(40, { flaps: 5 })).toEqual([]);
  });

  it('is not used again while nothing is known of it', () => {
    const keptAway = new KeptAway();
    keptAway.avoid('b', true, 0);
    expect(keptAway.reuse([], 60 * MINUTE)).toEqual([]);
    expect(keptAway.marked(link).avoided).toBe(true);
  });
});
