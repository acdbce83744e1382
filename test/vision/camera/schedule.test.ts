import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { FrameSource } from '../../../vision/camera/frame-source.ts';
import { isOn, nextChange, shownTime } from '../../../vision/camera/schedule.ts';
import { ScheduledSource } from '../../../vision/camera/scheduled.ts';
import type { ScheduleEntry } from '../../../vision/config.ts';

/** Local time, as the schedule is: a Monday, `day` 0, and the days after it. */
const at = (day: number, hour: number, minute = 0): number => new Date(2026, 5, 1 + day, hour, minute).getTime();
const entry = (from: string, to: string, ...days: ScheduleEntry['days']): ScheduleEntry => ({ from, to, days });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a schedule', () => {
  it('is on always where it says nothing', () => {
    expect(isOn([], at(0, 3))).toBe(true);
    expect(nextChange([], at(0, 3))).toBeUndefined();
  });

  it('is on in its hours of its days', () => {
    const office = [entry('08:00', '17:30', 'mon', 'tue')];
    expect([at(0, 7, 59), at(0, 8), at(1, 17, 29), at(1, 17, 30), at(2, 12)].map((wall) => isOn(office, wall))).toEqual(
      [false, true, true, false, false],
    );
    expect(nextChange(office, at(0, 9))).toBe(at(0, 17, 30));
    expect(nextChange(office, at(1, 18))).toBe(at(7, 8));
    expect(shownTime(at(7, 8))).toBe('mon 08:00');
  });

  it('lasts past midnight where it ends before it begins', () => {
    const night = [entry('22:00', '06:00', 'fri')];
    expect([at(4, 21), at(4, 23), at(5, 5), at(5, 6), at(5, 23)].map((wall) => isOn(night, wall))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('may last the whole day', () => {
    expect(isOn([entry('00:00', '24:00')], at(3, 23, 59))).toBe(true);
  });
});

describe('a source with a schedule', () => {
  it('is closed outside of its hours, says until when, and opens again', async () => {
    const clock = new VirtualClock({ epoch: at(0, 7, 59) });
    const log: string[] = [];
    const inner: FrameSource = {
      ...{ kind: 'mjpeg', pace: 'video', stallAfter: 10_000 },
      run: async (_sink, signal) => {
        log.push('open');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        log.push('closed');
      },
    };
    const source = new ScheduledSource(inner, [entry('08:00', '09:00')], clock);
    const end = new AbortController();
    const sink = {
      frame: async () => {},
      alive: () => {},
      broken: () => {},
      waiting: (cause: string) => void log.push(cause),
    };
    expect(source.stallAfter).toBeUndefined();
    const run = source.run(sink, end.signal);
    for (let minute = 0; minute < 70; minute++) {
      clock.advance(30_000);
      await settled();
      clock.advance(30_000);
      await settled();
      if (minute === 30) expect(source.stallAfter).toBe(10_000);
    }
    expect(log).toEqual([
      'off by its schedule until mon 08:00',
      'open',
      'closed',
      'off by its schedule until tue 08:00',
    ]);
    end.abort(new Error('ended'));
    await expect(run).rejects.toThrow('ended');
  });
});
