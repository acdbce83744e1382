import { describe, expect, it } from 'vitest';
import type { RouteChangeView, RouteView } from '../../daemon/view/route-schema.ts';
import type { LinkView } from '../../daemon/view/schema.ts';
import { changesTogether } from '../../web/src/live/moment.ts';
import { hasAreas, noteOf } from '../../web/src/map/areas.ts';
import { coursesOf, coursesTo } from '../../web/src/map/courses.ts';
import { knownLinks, labelsOf, linkInWords } from '../../web/src/map/links.ts';

describe('what is known of links', () => {
  const own: LinkView = {
    peer: 'b',
    peerName: 'bravo',
    transport: 'libp2p',
    probe: 'stream',
    state: 'up',
    since: 0,
    roundTripSeconds: 0.002,
    jitterSeconds: 0.0001,
    loss: 0.03,
    cost: 12.4,
    flaps: 4,
    damped: true,
  };
  const all = [
    { a: 'a', b: 'b', cost: 12.4, roundTripSeconds: 0.002, state: 'up' as const },
    { a: 'b', b: 'c', cost: 20, roundTripSeconds: 0.005, state: 'up' as const },
  ];

  it('of this node’s own are measured here, of others announced', () => {
    const [mine, theirs] = knownLinks(all, [own], 'a');
    expect(labelsOf(mine!, true)[0]).toBe('2.00\u00a0ms, last resort, 3.0\u00a0% lost, no UDP');
    expect(labelsOf(mine!, false).at(-1)).toBe('2.00\u00a0ms');
    expect(labelsOf(theirs!, false)).toEqual(['5.00\u00a0ms']);
    expect(labelsOf(theirs!, true)[0]).toBe('5.00\u00a0ms, cost 20');
    const flapping = { link: { ...theirs!.link, cost: 10_020 }, own: undefined };
    expect(labelsOf(flapping, true)[0]).toBe('5.00\u00a0ms, last resort');
    expect(linkInWords(mine!, ['a', 'b'])[1]).toMatch(/^Probed over its connection only.*failed 4\u00a0times, damped/);
    expect(linkInWords(theirs!, ['bravo', 'charlie'])[1]).toBe('As bravo and charlie announce it');
  });

  it('that are down says why, and who still reaches the peer', () => {
    const down = { ...own, state: 'down' as const, cause: 'no answer for 151 ms', damped: false };
    const told = (indirect: NonNullable<LinkView['indirect']>) =>
      linkInWords({ link: { ...all[0]!, state: 'down' }, own: { ...down, indirect } }, ['a', 'b'])[1];
    expect(told({ reached: true, asked: ['c'], via: 'c' })).toMatch(/^No answer for 151 ms, .*c reaches the peer$/);
    expect(told({ reached: false, asked: ['c', 'd'] })).toMatch(/c, d cannot reach the peer either$/);
    expect(told({ reached: false, asked: [] })).toMatch(/nobody could be asked$/);
  });
});

describe('the lines over the links', () => {
  const change = (id: number, at: number, destination: string) =>
    ({
      id,
      at,
      destination,
      before: { path: ['b', destination] },
      after: { path: ['c', destination] },
    }) as RouteChangeView;

  it('are the route and its backup, from this node on', () => {
    const route = { destination: 'd', path: ['b', 'd'], backup: { path: ['c', 'd'] } } as RouteView;
    expect(coursesTo('d', 'a', [route])).toEqual([
      { kind: 'backup', path: ['a', 'c', 'd'] },
      { kind: 'route', path: ['a', 'b', 'd'] },
    ]);
    expect(coursesTo('e', 'a', [route])).toEqual([]);
  });

  it('are what was and what is in the moment of a failure, each route once', () => {
    const together = changesTogether([
      change(4, 5000, 'd'),
      change(3, 4900, 'e'),
      change(2, 4800, 'd'),
      change(1, 0, 'f'),
    ]);
    expect(together.map(({ id }) => id)).toEqual([4, 3]);
    expect(coursesOf(together, 'a').map(({ kind, path }) => `${kind} ${path.join('')}`)).toEqual([
      'before abd',
      'before abe',
      'route acd',
      'route ace',
    ]);
  });
});

describe('the line below a node', () => {
  const node = { id: 'a', name: 'alpha', self: false, state: 'connected', score: 0 } as const;

  it('tells its area where there are several, and what is unusual', () => {
    const others = [node, { ...node, area: 'main' }];
    expect(hasAreas(others)).toBe(false);
    expect(hasAreas([...others, { ...node, area: 'attic' }])).toBe(true);
    expect(noteOf({ ...node, area: 'attic' }, false)).toBeUndefined();
    expect(noteOf({ ...node, area: 'attic' }, true)).toBe('attic');
    expect(noteOf({ ...node, self: true, area: 'main' }, true)).toBe('this node, main');
    expect(noteOf({ ...node, state: 'gone' }, true)).toBe('gone');
  });
});
