import { describe, expect, it } from 'vitest';
import { bytes, count, duration, latency, percent, shortId, things, time, UNKNOWN } from '../../web/src/format.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures with their units', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [1_482_752, '1.48 MB'],
    [21_000_000_000, '21 GB'],
  ])('shows %d bytes as %s', (value, text) => {
    expect(plain(bytes(value))).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.004, '0.4 %'],
    [0.0994, '9.9 %'],
    [0.35, '35 %'],
    [1, '100 %'],
  ])('shows the share %d as %s, so that a little loss is not shown as none', (value, text) => {
    expect(plain(percent(value))).toBe(text);
  });

  it.each([
    [0.00042, '0.42 ms'],
    [0.0123, '12.3 ms'],
    [0.25, '250 ms'],
    [1.2, '1.20 s'],
  ])('shows %d seconds of latency as %s', (value, text) => {
    expect(plain(latency(value))).toBe(text);
  });

  it.each([
    [-3, '0 s'],
    [45, '45 s'],
    [720, '12 min'],
    [7_320, '2 h 2 min'],
    [273_600, '3 d 4 h'],
  ])('shows a duration of %d s in its two largest units: %s', (value, text) => {
    expect(plain(duration(value))).toBe(text);
  });

  it('keeps the place of what is not known', () => {
    for (const format of [bytes, percent, latency, duration]) expect(format(undefined)).toBe(UNKNOWN);
  });

  it('counts in the singular and the plural', () => {
    expect(plain(count(1, 'camera'))).toBe('1 camera');
    expect(plain(count(2, 'camera'))).toBe('2 cameras');
  });

  it('names what is in view as people do', () => {
    expect(plain(things({ person: 2, 'stop sign': 1, bus: 3, sheep: 4, car: 0 }))).toBe(
      '2 people, 1 stop sign, 3 buses, 4 sheep',
    );
    expect(things({})).toBe('');
  });

  it('shortens ids to the end that tells them apart', () => {
    expect(shortId('12D3KooWAlphaAlpha11')).toBe('…aAlpha11');
    expect(shortId('alpha')).toBe('alpha');
  });
});

describe('moments', () => {
  const now = new Date(2026, 10, 24, 15, 4, 5).getTime();

  it('shows the clock alone on the same day', () => {
    expect(time(now, now)).toBe('15:04');
    expect(time(now, now, true)).toBe('15:04:05');
  });

  it('adds the day on another day and the year in another year', () => {
    expect(plain(time(new Date(2026, 10, 23, 9, 0).getTime(), now))).toBe('23 Nov 09:00');
    expect(plain(time(new Date(2025, 0, 2, 9, 0).getTime(), now))).toBe('2 Jan 2025 09:00');
  });
});
