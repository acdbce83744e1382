import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { Link } from '../../../mesh/link/link-monitor.ts';
import { unmeasured } from '../../../mesh/link/link-quality.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { AppliedWeights } from '../../../mesh/routing/applied-weights.ts';
import { shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { ORDER_LIFETIME, signOrder, type WeightOrder } from '../../../mesh/routing/weight-order.ts';
import { graphOf, listsOf, networks } from './random-networks.ts';
import { VirtualRouters } from './virtual-routers.ts';

const authority = SigningKey.generate();
const [self, peer, other] = [1, 2, 3].map(() => SigningKey.generate().nodeId) as [string, string, string];

const linkTo = (to: string, cost: number): Link => ({
  ...{ peer: to, transport: 'memory', probe: 'stream', state: { kind: 'up', since: 0 }, quality: unmeasured, cost },
  ...{ since: 0, usable: true, flaps: 0, damped: false, indirect: undefined, pace: 'full', tried: [] },
});

function weights({ follows = true } = {}) {
  const clock = new VirtualClock();
  const refused: string[] = [];
  const changes: ReadonlyMap<string, number>[] = [];
  const applied = new AppliedWeights({
    ...{ self, clock, follows, network: { id: 'home', authority: authority.publicKey } },
    drop: (reason) => refused.push(reason),
    changed: (factors) => changes.push(factors),
  });
  const order = (factor: number, more: Partial<WeightOrder> = {}, key = authority): void =>
    applied.hear(
      signOrder(key, {
        ...{ network: 'home', issuedAt: clock.wall(), links: [{ from: self, to: peer, factor }] },
        ...more,
      }),
    );
  const costs = (): number[] => applied.weighed([linkTo(peer, 10), linkTo(other, 10)]).map(({ cost }) => cost);
  return { clock, refused, changes, applied, order, costs };
}

describe('An order of the authority', () => {
  it('makes the named links of this node dearer, and tells what they cost without', () => {
    const { order, costs, applied } = weights();
    order(1.5);
    expect(costs()).toEqual([15, 10]);
    expect(applied.raised()).toEqual([{ to: peer, measured: 10 }]);
  });

  it('ends by itself when it is not repeated', () => {
    const { clock, order, costs, applied, changes } = weights();
    order(2);
    clock.advance(ORDER_LIFETIME - 1000);
    order(2);
    clock.advance(ORDER_LIFETIME - 1000);
    expect(costs()).toEqual([20, 10]);
    clock.advance(1000);
    expect(costs()).toEqual([10, 10]);
    expect(applied.raised()).toEqual([]);
    expect(changes).toHaveLength(2);
  });

  it('is taken back by a newer one, and not brought back by an older one', () => {
    const { clock, order, costs } = weights();
    const issuedAt = clock.wall();
    order(2);
    clock.advance(1000);
    order(1, { links: [] });
    order(2, { issuedAt });
    expect(costs()).toEqual([10, 10]);
  });

  it('counts for nothing when somebody else signed it, for another network, or when it is old', () => {
    const { clock, order, costs, refused } = weights();
    order(2, {}, SigningKey.generate());
    order(2, { network: 'other' });
    order(0.5);
    order(5);
    order(2, { issuedAt: clock.wall() - ORDER_LIFETIME - 1 });
    order(2, { issuedAt: clock.wall() + 10 * 60_000 });
    expect(costs()).toEqual([10, 10]);
    expect(refused).toEqual(['forged', 'forged', 'forged', 'forged', 'expired', 'expired']);
  });

  it('is heard and not followed where costs stay as measured', () => {
    const { order, costs } = weights({ follows: false });
    order(2);
    expect(costs()).toEqual([10, 10]);
  });

  it('never throws on what it is told', () => {
    const { applied, costs } = weights();
    fc.assert(
      fc.property(fc.record({ body: fc.string({ unit: 'binary' }), signature: fc.string() }), (said) => {
        applied.hear(said);
        const body = Buffer.from(said.body);
        applied.hear({ ...said, signature: Buffer.from(authority.sign('weights', body)).toString('base64') });
        expect(costs()).toEqual([10, 10]);
      }),
    );
  });

  it('never makes a link cheaper than measured, nor dearer than fourfold', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 1, max: 2e5, noNaN: true }),
        (factor, cost) => {
          const { order, applied } = weights();
          order(factor);
          const [link] = applied.weighed([linkTo(peer, cost)]);
          expect(link!.cost).toBeGreaterThanOrEqual(cost);
          expect(link!.cost).toBeLessThanOrEqual(4 * cost);
        },
      ),
    );
  });
});

describe('Weighed links', () => {
  it('cut nobody off, and lead every frame to its end without a loop once all know them', () => {
    const factors = fc.array(fc.double({ min: 1, max: 4, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(networks({ minNodes: 2 }), factors, (network, wanted) => {
        const graph = graphOf(network);
        const measured = graph.ids.map((_, source) => shortestPaths(graph, source));
        graph.costs.forEach((cost, arc) => {
          graph.costs[arc] = (cost * Math.round(16 * wanted[arc % wanted.length]!)) / 16;
        });
        const weighed = graph.ids.map((_, source) => shortestPaths(graph, source));
        for (const source of graph.ids.keys()) {
          for (const target of graph.ids.keys()) {
            const reachable = measured[source]!.distance[target]! < Number.POSITIVE_INFINITY;
            expect(weighed[source]!.distance[target]! < Number.POSITIVE_INFINITY).toBe(reachable);
            expect(weighed[source]!.distance[target]!).toBeLessThanOrEqual(4 * measured[source]!.distance[target]!);
            if (!reachable) continue;
            let at = source;
            for (let hops = 0; at !== target; hops++) {
              expect(hops).toBeLessThan(graph.ids.length);
              at = firstHop(weighed[at]!.parent, at, target);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('lose and turn round no frame while the nodes learn of them one after another', () => {
    const raises = fc.array(fc.record({ link: fc.nat(), factor: fc.double({ min: 1, max: 4, noNaN: true }) }), {
      minLength: 1,
      maxLength: 6,
    });
    const order = fc.shuffledSubarray([...Array(10).keys()], { minLength: 10 });
    fc.assert(
      fc.property(networks({ minNodes: 2, maxNodes: 10 }), raises, order, (network, raised, learners) => {
        const lists = listsOf(network);
        const routers = new VirtualRouters(lists);
        const links = lists.flatMap(({ origin, links: own }) => [...own].map(([to, cost]) => ({ origin, to, cost })));
        fc.pre(links.length > 0);
        const arrives = (): void => {
          for (const from of routers.ids) {
            for (const to of routers.ids) {
              if (!routers.router(from).has(to)) continue;
              expect(routers.send(from, to, { ttl: 3 * routers.ids.length, carrying: true }).kind).toBe('arrived');
            }
          }
        };
        for (const { link, factor } of raised) {
          const { origin, to, cost } = links[link % links.length]!;
          routers.setCost(origin, to, cost * factor);
        }
        for (const learner of learners) {
          const id = routers.ids[learner];
          if (id === undefined) continue;
          routers.learn(id);
          arrives();
        }
      }),
      { numRuns: 100 },
    );
  });
});

function firstHop(parent: Int32Array, source: number, target: number): number {
  let at = target;
  while (parent[at] !== source) at = parent[at]!;
  return at;
}
