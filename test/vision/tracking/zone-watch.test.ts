import { describe, expect, it } from 'vitest';
import { Stance } from '../../../vision/tracking/stance.ts';
import { ZoneWatch } from '../../../vision/tracking/zone-watch.ts';

const points = [
  [0.5, 0],
  [1, 0],
  [1, 1],
  [0.5, 1],
];
const zone = (more: object = {}) => ({ name: 'door', points, labels: [], minSize: 0, loiterSeconds: 0, ...more });
const thing = (x: number, label = 'person', id = 1) => ({ id, label, box: { x, y: 0.4, width: 0.1, height: 0.2 } });

describe('a zone', () => {
  it('counts who came, who left and who is there', () => {
    const watch = new ZoneWatch([zone()]);
    expect(watch.see(thing(0.1), 0)).toEqual({ zones: [], changes: [] });
    expect(watch.see(thing(0.6), 200)).toEqual({ zones: ['door'], changes: [{ zone: 'door', what: 'entered' }] });
    expect(watch.see(thing(0.7), 400)).toEqual({ zones: ['door'], changes: [] });
    watch.see(thing(0.8, 'dog', 2), 400);
    expect(watch.counts().get('door')).toEqual({ present: 2, entered: 2, left: 0 });
    expect(watch.see(thing(0.1), 600).changes).toEqual([{ zone: 'door', what: 'left' }]);
    expect(watch.end(2)).toEqual([{ zone: 'door', what: 'left' }]);
    expect(watch.end(2)).toEqual([]);
    expect(watch.counts().get('door')).toEqual({ present: 0, entered: 2, left: 2 });
  });

  it('counts only the classes and sizes that it asks for', () => {
    const watch = new ZoneWatch([zone({ labels: ['person'], minSize: 0.03 })]);
    expect(watch.see(thing(0.6, 'dog'), 0).zones).toEqual([]);
    expect(watch.see(thing(0.6), 0).zones).toEqual([]);
    expect(watch.see({ ...thing(0.6), box: { x: 0.6, y: 0.2, width: 0.2, height: 0.4 } }, 0).zones).toEqual(['door']);
  });

  it('counts who stays, and not who passes by', () => {
    const watch = new ZoneWatch([zone({ loiterSeconds: 5 })]);
    expect(watch.see(thing(0.6), 0).zones).toEqual([]);
    expect(watch.see(thing(0.6), 4_900).zones).toEqual([]);
    expect(watch.see(thing(0.1), 4_950).changes).toEqual([]);
    watch.see(thing(0.6), 5_000);
    expect(watch.see(thing(0.6), 10_000)).toEqual({ zones: ['door'], changes: [{ zone: 'door', what: 'entered' }] });
  });
});

describe('the stance of a thing', () => {
  it('is standing after ten seconds in one place, however it trembles, and no more when it goes', () => {
    const box = (x: number) => ({ x, y: 0.4, width: 0.1, height: 0.2 });
    const stance = new Stance(box(0.3), 0);
    expect(stance.at(box(0.305), 9_900)).toBe(false);
    expect(stance.at(box(0.297), 10_000)).toBe(true);
    expect(stance.at(box(0.31), 10_200)).toBe(true);
    expect(stance.at(box(0.4), 10_400)).toBe(false);
    expect(stance.at(box(0.4), 20_400)).toBe(true);
  });
});
