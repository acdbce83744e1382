import { describe, expect, it } from 'vitest';
import type { ObservationView } from '../../daemon/view/schema.ts';
import { type Area, areasOf, NO_SETTINGS, problemOf, titleOf, viewOf } from '../../web/src/cameras/areas.ts';
import {
  ANY,
  byDay,
  matches,
  queryOf,
  readingMatches,
  readingsQuery,
} from '../../web/src/cameras/observation-filter.ts';
import {
  type Corner,
  corner,
  crossesItself,
  freeName,
  moveCorner,
  RECTANGLE,
  removeCorner,
  splitSide,
} from '../../web/src/cameras/polygon.ts';

describe('corners of an area', () => {
  it('stay inside the picture, to a thousandth', () => {
    expect(corner(-0.2, 0.33333)).toEqual([0, 0.333]);
    expect(moveCorner(RECTANGLE, 1, [1.4, 0.2])[1]).toEqual([1, 0.2]);
  });

  it('are added in the middle of a side and removed down to three', () => {
    const five = splitSide(RECTANGLE, 3);
    expect(five[4]).toEqual([0.3, 0.5]);
    expect(removeCorner(five, 4)).toEqual(RECTANGLE);
    const triangle = removeCorner(RECTANGLE, 0);
    expect(removeCorner(triangle, 0)).toEqual(triangle);
    const many = Array.from({ length: 32 }, (_, at): Corner => corner(at / 32, 0));
    expect(splitSide(many, 0)).toHaveLength(32);
  });

  it('tell whether their sides cross', () => {
    expect(crossesItself(RECTANGLE)).toBe(false);
    const [a, b, c, d] = RECTANGLE;
    expect(crossesItself([a!, c!, b!, d!])).toBe(true);
  });
});

describe('the areas of a camera', () => {
  const zone = (name: string): Area => ({ kind: 'zone', name, points: [...RECTANGLE], settings: NO_SETTINGS });

  it('go to the editor and back without a loss', () => {
    const view = {
      zones: [{ name: 'path', points: [...RECTANGLE], labels: ['person'], minSize: 0.1, loiterSeconds: 5 }],
      masks: [[...RECTANGLE]],
      privacy: [],
    };
    const areas = areasOf({ ...view, drawn: true });
    expect(areas.map((area) => titleOf(area, areas))).toEqual(['zone path', 'mask 1']);
    expect(viewOf(areas)).toEqual(view);
  });

  it('are not saved with a name that is none, twice the same, or crossing sides', () => {
    expect(problemOf([zone('path'), zone('gate')])).toBeUndefined();
    expect(problemOf([zone('My Path')])).toMatch(/is no name/);
    expect(problemOf([zone('path'), zone('path')])).toMatch(/Two zones/);
    const [a, b, c, d] = RECTANGLE;
    expect(problemOf([{ ...zone('bow'), points: [a!, c!, b!, d!] }])).toBe('The sides of zone bow cross each other.');
    expect(freeName(['zone-1', 'path'])).toBe('zone-2');
  });
});

describe('the search of observations', () => {
  const seen: ObservationView = {
    ...{ id: 'a', camera: 'door', phase: 'end', label: 'person', confidence: 0.9, zones: ['path'] },
    ...{ box: { x: 0, y: 0, width: 1, height: 1 }, startedAt: new Date(2026, 4, 3, 12).getTime(), updatedAt: 0 },
  };

  it('asks only for what was filled in, in the time zone of the reader', () => {
    expect(queryOf(ANY)).toBe('limit=48');
    const query = new URLSearchParams(queryOf({ ...ANY, label: ' dog ', from: '2026-05-03T10:00' }, '17.a'));
    expect([...query]).toEqual([
      ['limit', '48'],
      ['label', 'dog'],
      ['from', String(new Date(2026, 4, 3, 10).getTime())],
      ['cursor', '17.a'],
    ]);
  });

  it('knows what belongs to it as the node does', () => {
    for (const filter of [
      { camera: 'door' },
      { label: 'person' },
      { zone: 'path' },
      { text: 'PAT' },
      { from: '2026-05-03T12:00' },
    ])
      expect(matches(seen, { ...ANY, ...filter })).toBe(true);
    for (const filter of [
      { camera: 'yard' },
      { label: 'perso' },
      { zone: 'pat' },
      { text: 'dog' },
      { to: '2026-05-03T11:59' },
    ])
      expect(matches(seen, { ...ANY, ...filter })).toBe(false);
  });

  it('finds what was read in zones too', () => {
    const event = {
      ...{ id: 1, at: seen.startedAt, severity: 'info' as const, kind: 'zone.read', subject: 'camera/door' },
      ...{ message: 'Camera door: zone meter says 1234 kWh', data: { zone: 'meter' } },
    };
    expect(readingsQuery({ ...ANY, camera: 'door' })).toBe('kind=zone.read&limit=500&subject=camera%2Fdoor');
    expect(readingMatches(event, { ...ANY, text: '1234', zone: 'meter' })).toBe(true);
    expect(readingMatches(event, { ...ANY, text: '99' })).toBe(false);
    expect(readingMatches(event, { ...ANY, text: '1234', zone: 'sign' })).toBe(false);
    expect(readingMatches(event, { ...ANY, text: '1234', to: '2026-05-03T11:59' })).toBe(false);
  });

  it('is listed by day', () => {
    const next = { ...seen, id: 'b', startedAt: new Date(2026, 4, 4, 0, 5).getTime() };
    expect(byDay([next, seen]).map(([day, list]) => [day, list.length])).toEqual([
      ['Monday 4 May', 1],
      ['Sunday 3 May', 1],
    ]);
  });
});
