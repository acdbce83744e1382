import { describe, expect, it } from 'vitest';
import { moved, showing, WHOLE, zoomAt, zoomed } from '../../web/src/map/zoom.ts';

const SIZE = { width: 400, height: 200 };

describe('the zoom of the map', () => {
  it('keeps what is pointed at in its place', () => {
    const close = zoomAt(WHOLE, 2, { x: 100, y: 50 }, SIZE);
    expect(close).toEqual({ scale: 2, x: -100, y: -50 });
    expect(zoomed(close, { x: 100, y: 50 })).toEqual({ x: 100, y: 50 });
    expect(zoomAt(close, 0.1, { x: 399, y: 199 }, SIZE)).toEqual(WHOLE);
    expect(zoomAt(WHOLE, 1000, { x: 0, y: 0 }, SIZE).scale).toBe(8);
  });

  it('does not go beyond the edges', () => {
    const close = zoomAt(WHOLE, 2, { x: 200, y: 100 }, SIZE);
    expect(moved(close, { x: 5000, y: -5000 }, SIZE)).toEqual({ scale: 2, x: 0, y: -200 });
    expect(moved(WHOLE, { x: 50, y: 50 }, SIZE)).toEqual(WHOLE);
  });

  it('brings a node that gets the focus into view', () => {
    const corner = zoomAt(WHOLE, 4, { x: 0, y: 0 }, SIZE);
    const shown = zoomed(showing(corner, { x: 380, y: 180 }, SIZE), { x: 380, y: 180 });
    expect(shown.x).toBeLessThanOrEqual(360);
    expect(shown.y).toBeLessThanOrEqual(160);
    expect(showing(corner, { x: 30, y: 20 }, SIZE)).toEqual(corner);
  });
});
