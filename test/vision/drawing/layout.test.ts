import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edge, layout, MOST_DRIFT, type Point, WIDTH } from '../../../vision/drawing/layout.ts';

const none: ReadonlyMap<string, Point> = new Map();
const ids = ['alpha', 'bravo', 'charlie', 'delta', 'echo'];
const ring: Edge[] = ids.map((a, i) => ({ a, b: ids[(i + 1) % ids.length]! }));

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
const closest = (places: ReadonlyMap<string, Point>) => {
  const points = [...places.values()];
  return Math.min(...points.flatMap((a, i) => points.slice(i + 1).map((b) => distance(a, b))));
};

describe('the layout of the map', () => {
  it('is the same for the same mesh, in whatever order it is told', () => {
    const reversed = layout([...ids].reverse(), ring, none);
    for (const [id, place] of layout(ids, ring, none)) expect(reversed.get(id)).toEqual(place);
  });

  it('leaves everybody in place when nothing is new', () => {
    const before = layout(ids, ring, none);
    expect(layout(ids, ring.slice(1), before)).toEqual(before);
  });

  it('moves nobody when a node goes, and others by little when one joins', () => {
    const before = layout(ids, ring, none);
    const gone = layout(ids.slice(1), ring, before);
    for (const id of ids.slice(1)) expect(gone.get(id)).toEqual(before.get(id));
    const joined = layout([...ids, 'foxtrot'], [...ring, { a: 'foxtrot', b: 'alpha' }], before);
    for (const id of ids) expect(distance(joined.get(id)!, before.get(id)!)).toBeLessThanOrEqual(MOST_DRIFT + 1e-9);
  });

  it('untangles a mesh that grew node by node, a little with each', () => {
    const grow = (count: number): Map<string, Point> => {
      let places = new Map<string, Point>();
      for (let size = 2; size <= count; size += 1) {
        const chain = Array.from({ length: size }, (_, at) => `n${at}`);
        const edges = chain.slice(1).map((b, at) => ({ a: chain[at]!, b }));
        const next = layout(chain, edges, places);
        for (const [id, place] of places) expect(distance(next.get(id)!, place)).toBeLessThanOrEqual(MOST_DRIFT + 1e-9);
        places = next;
      }
      return places;
    };
    expect(closest(grow(16))).toBeGreaterThan(0.1);
  });

  it('puts a newcomer near its neighbour, but not on anybody', () => {
    const before = layout(ids, ring, none);
    const after = layout([...ids, 'foxtrot'], [...ring, { a: 'foxtrot', b: 'alpha' }], before);
    expect(distance(after.get('foxtrot')!, before.get('alpha')!)).toBeLessThan(0.8);
    expect(closest(after)).toBeGreaterThan(0.1);
  });

  it('spreads a mesh over the box', () => {
    const places = [...layout(ids, ring, none).values()];
    expect(closest(layout(ids, ring, none))).toBeGreaterThan(0.3);
    const spread = Math.max(...places.map((p) => p.x)) - Math.min(...places.map((p) => p.x));
    expect(spread).toBeGreaterThan(WIDTH / 2);
  });

  it('centres a single node and lays two level', () => {
    expect(layout(['a'], [], none).get('a')).toEqual({ x: WIDTH / 2, y: 0.5 });
    const two = layout(['a', 'b'], [{ a: 'a', b: 'b' }], none);
    expect(two.get('a')!.y).toBeCloseTo(0.5);
    expect(two.get('b')!.y).toBeCloseTo(0.5);
  });

  it('keeps every node of any mesh inside the box, at finite places', () => {
    const mesh = fc
      .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 30 })
      .chain((nodes) =>
        fc.record({
          nodes: fc.constant(nodes),
          edges: fc.array(fc.record({ a: fc.constantFrom(...nodes), b: fc.constantFrom(...nodes) }), { maxLength: 60 }),
          known: fc.nat(nodes.length),
        }),
      );
    fc.assert(
      fc.property(mesh, ({ nodes, edges, known }) => {
        const first = layout(nodes.slice(0, known), edges, none);
        for (const { x, y } of layout(nodes, edges, first).values()) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(WIDTH);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
