import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../vision/detection/detector.ts';
import { assign } from '../../../vision/tracking/assignment.ts';
import { Tracker } from '../../../vision/tracking/tracker.ts';

const thing = (label: string, x: number, confidence = 0.9, y = 0.2): Detection => ({
  label,
  confidence,
  box: { x, y, width: 0.1, height: 0.2 },
});
const video = () => new Tracker({ startConfidence: 0.4, hitsToStart: 2, goneAfter: 3000 });

describe('assign', () => {
  it('is as good as trying every pairing', () => {
    const best = (gain: number[][], row: number, free: number[]): number => {
      if (row === gain.length) return 0;
      const skip = best(gain, row + 1, free);
      return Math.max(
        skip,
        ...free.map(
          (c) =>
            Math.max(0, gain[row]![c]!) +
            best(
              gain,
              row + 1,
              free.filter((f) => f !== c),
            ),
        ),
      );
    };
    const matrix = fc.integer({ min: 0, max: 5 }).chain((columns) =>
      fc.array(fc.array(fc.double({ min: -0.2, max: 1, noNaN: true }), { minLength: columns, maxLength: columns }), {
        maxLength: 5,
      }),
    );
    fc.assert(
      fc.property(matrix, (gain) => {
        const columns = gain[0]?.length ?? 0;
        const pairs = assign(gain.length, columns, (row, column) => gain[row]![column]!);
        const total = pairs.reduce((sum, { row, column }) => sum + gain[row]![column]!, 0);
        expect(total).toBeCloseTo(best(gain, 0, [...Array(columns).keys()]), 9);
        expect(new Set(pairs.map(({ row }) => row)).size).toBe(pairs.length);
        expect(new Set(pairs.map(({ column }) => column)).size).toBe(pairs.length);
      }),
    );
  });
});

describe('Tracker', () => {
  it('counts a thing in video when it is seen twice, and forgets what was seen once', () => {
    const tracker = video();
    expect(tracker.update([thing('person', 0.1), thing('dog', 0.8)], 0).started).toEqual([]);
    expect(tracker.update([thing('person', 0.11)], 200).started.map(({ label }) => label)).toEqual(['person']);
    expect(tracker.update([thing('person', 0.12), thing('dog', 0.8)], 400).started).toEqual([]);
  });

  it('keeps the id of a thing that moves, and of two that cross', () => {
    const tracker = video();
    const ids = new Map<string, Set<number>>([
      ['a', new Set()],
      ['b', new Set()],
    ]);
    for (let step = 0; step <= 40; step++) {
      const [a, b] = [0.1 + step * 0.02, 0.9 - step * 0.02];
      const { started, seen } = tracker.update([thing('person', a), thing('person', b, 0.9, 0.3)], step * 200);
      for (const track of [...started, ...seen]) ids.get(track.box.y === 0.3 ? 'b' : 'a')!.add(track.id);
    }
    expect([...ids.values()].map(({ size }) => size)).toEqual([1, 1]);
  });

  it('follows a thing that moves further than its own width between frames', () => {
    const tracker = video();
    tracker.update([thing('car', 0.1)], 0);
    const { started } = tracker.update([thing('car', 0.25)], 1000);
    expect(started).toHaveLength(1);
    expect(tracker.update([thing('car', 0.4)], 2000).seen.map(({ id }) => id)).toEqual([started[0]!.id]);
  });

  it('continues a track by a doubtful detection but does not start one', () => {
    const tracker = video();
    tracker.update([thing('cat', 0.1)], 0);
    tracker.update([thing('cat', 0.1)], 200);
    const { seen, started } = tracker.update([thing('cat', 0.1, 0.3), thing('cat', 0.7, 0.3)], 400);
    expect(seen).toHaveLength(1);
    expect(started).toEqual([]);
  });

  it('lets a thing be hidden for a while, then ends it', () => {
    const tracker = video();
    tracker.update([thing('cat', 0.1)], 0);
    const [track] = tracker.update([thing('cat', 0.1)], 200).started;
    expect(tracker.update([], 2000).ended).toEqual([]);
    expect(tracker.update([thing('cat', 0.1)], 2200).seen[0]!.id).toBe(track!.id);
    expect(tracker.update([], 5300).ended.map(({ id }) => id)).toEqual([track!.id]);
  });

  it('keeps the id of a thing that passes behind something for a second and a half', () => {
    const tracker = video();
    const ids = new Set<number>();
    for (let step = 0; step <= 30; step++) {
      const hidden = step > 10 && step < 18;
      const { started, seen } = tracker.update(hidden ? [] : [thing('person', 0.1 + step * 0.02)], step * 200);
      for (const { id } of [...started, ...seen]) ids.add(id);
    }
    expect(ids.size).toBe(1);
  });

  it('keeps what was not looked at, and ends what was looked for in vain', () => {
    const tracker = video();
    const both = [thing('cat', 0.1), thing('dog', 0.8)];
    tracker.update(both, 0);
    const started = tracker.update(both, 200).started;
    const left = (box: { x: number }) => box.x < 0.5;
    tracker.rest(59_800);
    expect(tracker.update([], 60_000, left).ended).toEqual([]);
    expect(tracker.update([], 62_700, left).ended).toEqual([]);
    expect(tracker.followed().map(({ label, missed }) => [label, missed])).toEqual([
      ['cat', true],
      ['dog', false],
    ]);
    const cat = started.find(({ label }) => label === 'cat')!;
    expect(tracker.update([], 62_900, left).ended.map(({ id }) => id)).toEqual([cat.id]);
    expect(tracker.update([thing('dog', 0.8)], 600_000).seen.map(({ label }) => label)).toEqual(['dog']);
  });

  it('takes two classes of one box for one thing', () => {
    const tracker = new Tracker({ startConfidence: 0.4, hitsToStart: 1, goneAfter: 0 });
    expect(
      tracker.update([thing('truck', 0.1, 0.6), thing('car', 0.1, 0.7)], 0).started.map(({ label }) => label),
    ).toEqual(['car']);
  });

  it('starts and ends at once in still pictures', () => {
    const tracker = new Tracker({ startConfidence: 0.4, hitsToStart: 1, goneAfter: 0 });
    const [first] = tracker.update([thing('person', 0.1)], 0).started;
    const next = tracker.update([thing('person', 0.7)], 10);
    expect(next.started).toHaveLength(1);
    expect(next.ended.map(({ id }) => id)).toEqual([first!.id]);
  });

  it('gives every start exactly one end, whatever is seen', () => {
    const detections = fc.array(
      fc.record({ x: fc.integer({ min: 0, max: 9 }), label: fc.constantFrom('a', 'b'), c: fc.constantFrom(0.3, 0.8) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.array(detections, { maxLength: 30 }), (frames) => {
        const tracker = video();
        const started: number[] = [];
        const ended: number[] = [];
        frames.forEach((frame, i) => {
          const update = tracker.update(
            frame.map(({ x, label, c }) => thing(label, x / 10, c)),
            i * 700,
          );
          started.push(...update.started.map(({ id }) => id));
          ended.push(...update.ended.map(({ id }) => id));
          expect(update.seen.every(({ id }) => started.includes(id))).toBe(true);
        });
        ended.push(...tracker.clear().map(({ id }) => id));
        expect(ended.sort()).toEqual(started.sort());
        expect(new Set(started).size).toBe(started.length);
      }),
    );
  });
});
