import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../vision/detection/detector.ts';
import { Observer } from '../../../vision/tracking/observer.ts';
import { fingerprint, samePlace } from '../../../vision/tracking/scene.ts';

const person = (x: number, confidence = 0.6): Detection => ({
  label: 'person',
  confidence,
  box: { x, y: 0.4, width: 0.1, height: 0.4 },
});

function observer(pace: 'video' | 'stills') {
  let ids = 0;
  return new Observer({
    camera: 'north',
    zones: [
      {
        name: 'door',
        points: [
          [0.5, 0.5],
          [1, 0.5],
          [1, 1],
          [0.5, 1],
        ],
        labels: [],
        minSize: 0,
        loiterSeconds: 0,
      },
    ],
    pace,
    minConfidence: 0.4,
    period: 200,
    newId: () => `id-${ids++}`,
  });
}

const told = (list: { id: string; phase: string }[]) => list.map(({ id, phase }) => `${id} ${phase}`);

describe('Observer', () => {
  it('tells start, what changed, and end, under one id', () => {
    const eyes = observer('video');
    expect(eyes.observe([person(0.1)], 0, 1000)).toEqual([]);
    expect(told(eyes.observe([person(0.1)], 200, 1200))).toEqual(['id-0 start']);
    expect(eyes.observe([person(0.101)], 400, 1400)).toEqual([]);
    const moves = [0.15, 0.2, 0.25, 0.3, 0.35].flatMap((x, i) =>
      eyes.observe([person(x)], 600 + i * 200, 1600 + i * 200),
    );
    expect(told(moves)).toEqual(['id-0 update']);
    const [end] = eyes.observe([], 9000, 10_000);
    expect(end).toMatchObject({ id: 'id-0', phase: 'end', startedAt: 1200, endedAt: 10_000 });
    expect(eyes.present()).toEqual([]);
  });

  it('tells at once when a thing enters a zone, by where it stands', () => {
    const eyes = observer('video');
    eyes.observe([person(0.43)], 0, 0);
    expect(eyes.observe([person(0.44)], 100, 100)[0]).toMatchObject({ phase: 'start', zones: [] });
    expect(eyes.observe([person(0.46)], 200, 200)[0]).toMatchObject({ phase: 'update', zones: ['door'] });
  });

  it('tells when it has become much surer, and keeps the highest confidence', () => {
    const eyes = observer('video');
    eyes.observe([person(0.1, 0.5)], 0, 0);
    eyes.observe([person(0.1, 0.5)], 100, 100);
    expect(eyes.observe([person(0.1, 0.8)], 200, 200)[0]).toMatchObject({ phase: 'update', confidence: 0.8 });
    eyes.observe([person(0.1, 0.45)], 300, 300);
    expect(eyes.present()[0]!.confidence).toBe(0.8);
  });

  it('starts nothing from a doubtful second sight', () => {
    const eyes = observer('video');
    eyes.observe([person(0.1, 0.45)], 0, 0);
    expect(eyes.observe([person(0.1, 0.3)], 200, 200)).toEqual([]);
    expect(eyes.observe([person(0.1, 0.45)], 400, 400)).toEqual([]);
    expect(eyes.observe([person(0.1, 0.42)], 600, 600)[0]).toMatchObject({ phase: 'start', confidence: 0.45 });
  });

  it('tells once that a thing stands, and again when it moves on', () => {
    const eyes = observer('video');
    const all = [];
    for (let now = 0; now <= 20_000; now += 200) all.push(...eyes.observe([person(0.1)], now, now));
    expect(all.map(({ phase, stationary }) => [phase, stationary])).toEqual([
      ['start', undefined],
      ['update', true],
    ]);
    expect(eyes.observe([person(0.2)], 20_200, 20_200)).toMatchObject([{ phase: 'update' }]);
    expect(eyes.present()[0]).not.toHaveProperty('stationary');
  });

  it('keeps a thing in view while nothing moves and nobody looks', () => {
    const eyes = observer('video');
    eyes.observe([person(0.1)], 0, 0);
    eyes.observe([person(0.1)], 200, 200);
    expect(eyes.followed()).toMatchObject([{ doubtful: false }]);
    expect(told(eyes.rest(9_000, 9_000))).toEqual([]);
    expect(told(eyes.rest(12_000, 12_000))).toEqual(['id-0 update']);
    expect(eyes.present()).toMatchObject([{ stationary: true }]);
    expect(eyes.observe([], 12_200, 12_200)).toEqual([]);
    expect(eyes.followed()).toMatchObject([{ doubtful: true }]);
  });

  it('starts from a single still picture', () => {
    expect(told(observer('stills').observe([person(0.1)], 0, 0))).toEqual(['id-0 start']);
  });
});

describe('samePlace', () => {
  const picture = (brightness: (x: number, y: number) => number) => {
    const pixels = new Uint8Array(64 * 64 * 3);
    for (let i = 0; i < 64 * 64; i++) pixels.fill(brightness(i % 64, Math.floor(i / 64)), i * 3, i * 3 + 3);
    return fingerprint({ width: 64, height: 64, pixels }, { width: 1, height: 0.75 });
  };

  it('knows a place again in other light, and tells it from another place', () => {
    const place = picture((x, y) => 60 + 100 * Math.sin(x / 9) ** 2 + y / 2);
    expect(
      samePlace(
        place,
        picture((x, y) => 30 + 60 * Math.sin(x / 9) ** 2 + y / 3),
      ),
    ).toBe(true);
    expect(
      samePlace(
        place,
        picture((x, y) => 120 + 80 * Math.cos(y / 5) - x / 3),
      ),
    ).toBe(false);
  });

  it('takes an even picture for another place', () => {
    expect(
      samePlace(
        picture((x) => x),
        picture(() => 90),
      ),
    ).toBe(false);
  });
});
