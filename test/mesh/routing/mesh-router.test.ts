import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { MeshRouter, type RouteChange } from '../../../mesh/routing/mesh-router.ts';

const links = (costs: Record<string, number>): Map<string, number> => new Map(Object.entries(costs));

function routerOf(network: Record<string, Record<string, number>>): MeshRouter {
  const router = new MeshRouter({ self: 'a', clock: new VirtualClock(), nameOf: (id) => id });
  for (const [origin, costs] of Object.entries(network)) router.update(origin, links(costs));
  router.compute();
  return router;
}

const square = {
  a: { b: 10, d: 10 },
  b: { a: 10, c: 10 },
  c: { b: 10, d: 20 },
  d: { a: 10, c: 20 },
};

const reasonOf = (changes: RouteChange[], destination: string): string | undefined => {
  const change = changes.find((one) => one.destination === destination);
  return change?.kind === 'lost' ? change.reason : change?.route.reason;
};

describe('MeshRouter', () => {
  it('knows next hop, cost and path of every destination', () => {
    const route = routerOf(square).route('c');
    expect(route).toMatchObject({ nextHop: 'b', cost: 20, path: ['b', 'c'], reason: 'first path found, through b' });
    expect(routerOf(square).route('b')).toMatchObject({ path: ['b'], reason: 'direct' });
  });

  it('says which link went down, near or far', () => {
    const near = routerOf(square);
    near.update('a', links({ d: 10 }));
    const changes = near.compute();
    expect(reasonOf(changes, 'c')).toBe('link to b went down');
    expect(near.route('c')?.path).toEqual(['d', 'c']);
    const far = routerOf(square);
    far.update('b', links({ a: 10 }));
    expect(reasonOf(far.compute(), 'c')).toBe('link b–c went down');
  });

  it('says who announced a cheaper or a new link', () => {
    const cheaper = routerOf(square);
    cheaper.update('d', links({ a: 10, c: 5 }));
    expect(reasonOf(cheaper.compute(), 'c')).toBe('d announced a cheaper link to c');
    const better = routerOf(square);
    better.update('a', links({ b: 10, d: 1 }));
    better.update('d', links({ a: 1, c: 12 }));
    expect(reasonOf(better.compute(), 'c')).toBe('link to d got better');
  });

  it('says which link got worse', () => {
    const router = routerOf(square);
    router.update('a', links({ b: 50, d: 10 }));
    expect(reasonOf(router.compute(), 'c')).toBe('link to b got worse (cost 10 to 50)');
  });

  it('keeps path, since and reason when only the cost changes', () => {
    const router = routerOf(square);
    const before = router.route('c');
    router.update('a', links({ b: 12, d: 10 }));
    expect(router.compute()).toEqual([]);
    expect(router.route('c')).toEqual({ ...before, cost: 22 });
  });

  it('loses routes with their reason, and does not compute for what says nothing new', () => {
    const router = routerOf({ a: { b: 10 }, b: { a: 10 } });
    expect(router.update('b', links({ a: 10 }))).toBe(false);
    router.remove('b');
    expect(router.compute()).toMatchObject([{ kind: 'lost', destination: 'b', reason: 'link to b went down' }]);
  });
});
