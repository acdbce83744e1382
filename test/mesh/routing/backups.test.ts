import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../mesh/routing/graph.ts';
import { shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { type Edge, listsOf, type Network, networks } from './random-networks.ts';
import { VirtualRouters } from './virtual-routers.ts';

const network = networks({ minNodes: 3, maxNodes: 12, maxEdges: 28, mostCost: 6 });

/** Each link once. */
function linksOf(lists: ReturnType<typeof listsOf>): [string, string][] {
  return lists.flatMap(({ origin, links }) =>
    [...links.keys()].filter((to) => origin < to).map((to): [string, string] => [origin, to]),
  );
}

/** Whether a path exists when some links or a node do not. */
function reachable(
  lists: ReturnType<typeof listsOf>,
  from: string,
  to: string,
  gone: { link?: [string, string]; node?: string },
) {
  const left = lists
    .filter(({ origin }) => origin !== gone.node)
    .map(({ origin, links }) => ({
      origin,
      links: new Map(
        [...links].filter(([other]) => !(gone.link?.includes(origin) && gone.link.includes(other) && origin !== other)),
      ),
    }));
  const graph = buildGraph(left);
  return shortestPaths(graph, graph.index.get(from)!).parent[graph.index.get(to)!] !== -1;
}

const edges = (...list: [number, number, number][]): Edge[] => list.map(([a, b, cost]) => ({ a, b, cost }));
const routersOf = (one: Network): VirtualRouters => new VirtualRouters(listsOf(one));

describe('The backup of a route', () => {
  it('is a neighbour that does not route back, better one that survives the death of the node', () => {
    const { router } = {
      router: routersOf({ count: 4, edges: edges([0, 1, 1], [1, 3, 1], [0, 2, 2], [2, 3, 2]) }).router('n00'),
    };
    expect(router.route('n03')).toMatchObject({
      nextHop: 'n01',
      backup: { kind: 'lfa', nextHop: 'n02', path: ['n02', 'n03'], cost: 4, protects: 'node' },
    });
    expect(router.route('n01')?.backup).toMatchObject({ kind: 'path', nextHop: 'n02', protects: 'link' });
  });

  it('is a path that the frame carries where every neighbour would route back', () => {
    const ring = { count: 6, edges: edges([0, 1, 1], [1, 2, 1], [2, 3, 1], [3, 4, 1], [4, 5, 1], [5, 0, 1]) };
    const router = routersOf(ring).router('n00');
    expect(router.route('n01')?.backup).toEqual({
      kind: 'path',
      nextHop: 'n05',
      path: ['n05', 'n04', 'n03', 'n02', 'n01'],
      cost: 5,
      protects: 'link',
    });
    expect(router.nextHop('n01', { down: new Set(['n01']) })).toMatchObject({
      kind: 'path',
      nextHop: 'n05',
      carry: true,
    });
    expect(router.nextHop('n01', { down: new Set() })).toMatchObject({ kind: 'primary', nextHop: 'n01', carry: false });
  });

  it('does not exist behind a bridge', () => {
    const router = routersOf({ count: 3, edges: edges([0, 1, 1], [1, 2, 1]) }).router('n00');
    expect(router.route('n02')?.backup).toBeUndefined();
    expect(router.nextHop('n02', { down: new Set(['n01']) })).toBeUndefined();
  });

  it('lists all next hops of equal cost', () => {
    const square = { count: 4, edges: edges([0, 1, 1], [1, 3, 1], [0, 2, 1], [2, 3, 1]) };
    expect(routersOf(square).router('n00').route('n03')?.equalCost).toEqual(['n01', 'n02']);
  });

  it('covers every failure of a first link that leaves another way, and no other', () => {
    fc.assert(
      fc.property(network, (one) => {
        const lists = listsOf(one);
        const routers = new VirtualRouters(lists);
        for (const id of routers.ids) {
          for (const { destination, nextHop, backup } of routers.router(id).routes()) {
            expect(backup !== undefined).toBe(reachable(lists, id, destination, { link: [id, nextHop] }));
            if (nextHop !== destination && backup?.kind === 'path') {
              const survivable = reachable(lists, id, destination, { node: nextHop });
              expect(backup.protects).toBe(survivable ? 'node' : 'link');
            }
            if (backup?.protects === 'node') expect(backup.path).not.toContain(nextHop);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('Frames', () => {
  it('arrive over any single broken link before anybody but its ends knows, with tables alone', () => {
    fc.assert(
      fc.property(network, (one) => {
        const lists = listsOf(one);
        for (const link of linksOf(lists)) {
          const routers = new VirtualRouters(lists);
          routers.cut(...link);
          for (const from of routers.ids) {
            for (const { destination } of routers.router(from).routes()) {
              const { kind, visited } = routers.send(from, destination, { ttl: 2 * one.count, carrying: false });
              expect(kind).toBe(reachable(lists, from, destination, { link }) ? 'arrived' : 'stuck');
              if (kind === 'arrived') expect(visited.at(-1)).toBe(destination);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('that carry their path while routes settle never loop, whoever learns of a change first, and all arrive', () => {
    const change = fc.record({ link: fc.nat(), cost: fc.nat({ max: 9 }), order: fc.infiniteStream(fc.nat()) });
    fc.assert(
      fc.property(network, change, (one, { link, cost, order }) => {
        const lists = listsOf(one);
        const links = linksOf(lists);
        fc.pre(links.length > 0);
        const [a, b] = links[link % links.length]!;
        const routers = new VirtualRouters(lists);
        if (cost === 0) routers.cut(a, b);
        else routers.setCost(a, b, cost);
        const learning = routers.ids
          .map((id) => ({ id, key: order.next().value! }))
          .sort((x, y) => x.key - y.key)
          .map(({ id }) => id);
        for (const next of [undefined, ...learning]) {
          if (next !== undefined) routers.learn(next);
          for (const from of routers.ids) {
            for (const to of routers.ids) {
              if (from === to) continue;
              const broken = cost === 0 ? { link: [a, b] as [string, string] } : {};
              const { kind, visited } = routers.send(from, to, { ttl: 64, carrying: true });
              expect(kind).toBe(reachable(lists, from, to, broken) ? 'arrived' : 'stuck');
              // The ends of a broken link may send a frame back once; no node sees it a third time.
              for (const id of visited) expect(visited.filter((other) => other === id).length).toBeLessThan(3);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('that follow tables alone die by their time to live where they loop, and none loops once all know', () => {
    const cuts = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(network, cuts, fc.infiniteStream(fc.nat()), (one, which, order) => {
        const lists = listsOf(one);
        const routers = new VirtualRouters(lists);
        for (const cut of which) {
          const links = linksOf(lists);
          if (links.length > 0) routers.cut(...links[cut % links.length]!);
        }
        for (let round = 0; round < one.count; round++) {
          routers.learn(routers.ids[order.next().value! % one.count]!);
          for (const from of routers.ids) {
            for (const to of routers.ids) {
              const { kind, visited } = routers.send(from, to, { ttl: 16, carrying: false });
              expect(visited.length).toBeLessThanOrEqual(17);
              if (kind === 'arrived') expect(visited.at(-1)).toBe(to);
            }
          }
        }
        for (const id of routers.ids) routers.learn(id);
        for (const from of routers.ids) {
          for (const { destination, path } of routers.router(from).routes()) {
            expect(routers.send(from, destination, { ttl: 16, carrying: false }).visited).toEqual([from, ...path]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
