// A pause within the first day of a series: the process was stopped, or started anew, and what it reads went on meanwhile.

import { describe, expect, it } from 'vitest';
import { AfterPause } from '../../../agents/anomaly/after-pause.ts';
import { type AnomalyEvent, AnomalyWatch } from '../../../agents/anomaly/watch.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { DAY, MINUTE, noise } from './series.ts';

const STEP = 5_000;
const READINGS_AN_HOUR = 720;

type Course = (seed: number) => (time: number) => number;

/** A temperature over the day, memory that fills, a disk that fills by the clock, and a load that hardly moves. */
const COURSES: Record<string, Course> = {
  'a daily course': (seed) => {
    const step = noise(seed);
    let wander = 0;
    return (time) => {
      wander = 0.95 * wander + 0.3 * step();
      return 40 + 10 * Math.sin((2 * Math.PI * time) / DAY) + wander;
    };
  },
  'what grows': (seed) => {
    const each = noise(seed);
    return (time) => 0.3 + (0.05 * time) / DAY + 0.0005 * each();
  },
  'what grows evenly': () => (time) => 0.3 + (0.05 * time) / DAY,
  'what hardly moves': (seed) => {
    const random = seededRandom(seed);
    return () => 0.4 + 0.001 * random.below(3);
  },
};

/** A series of its own, read every five seconds for `hours`. */
function series(course: Course, seed: number, hours: number) {
  const clock = new VirtualClock({ epoch: Date.UTC(2026, 0, 1, (seed * 5) % 24) });
  const begun = clock.wall();
  const value = course(seed);
  let watch = new AnomalyWatch({ clock });
  const read = (count: number, more = 0): AnomalyEvent[] =>
    Array.from({ length: count }).flatMap(() => {
      clock.advance(STEP);
      return watch.observe({ subject: 'node', metric: 'm', kind: 'gauge', value: value(clock.wall() - begun) + more });
    });
  const restart = (): void => {
    const saved = JSON.parse(JSON.stringify(watch.save()));
    watch = new AnomalyWatch({ clock });
    expect(watch.restore(saved)).toEqual([]);
  };
  read(hours * READINGS_AN_HOUR);
  return { clock, read, restart };
}

describe('after a pause on the first day', () => {
  it.each(Object.keys(COURSES))('%s raises nothing', { timeout: 60_000 }, (name) => {
    const raised: string[] = [];
    for (const hours of [0.5, 2, 8]) {
      for (const seconds of [15, 60, 600, 1_800]) {
        for (const isRestart of [false, true]) {
          const { clock, read, restart } = series(COURSES[name]!, 3, hours);
          clock.advance(seconds * 1000);
          if (isRestart) restart();
          const events = read(200).filter(({ kind }) => kind === 'raised');
          if (events.length > 0) raised.push(`${seconds} s after ${hours} h${isRestart ? ', restarted' : ''}`);
        }
      }
    }
    expect(raised).toEqual([]);
  });

  it('a fault that began meanwhile is raised all the same, at once', () => {
    for (const [name, fault] of [
      ['a daily course', 40],
      ['what grows', 0.1],
      ['what hardly moves', 0.1],
    ] as const) {
      const { clock, read } = series(COURSES[name]!, 3, 2);
      clock.advance(10 * MINUTE);
      expect(read(5, fault).map(({ kind }) => kind)).toEqual(['raised']);
    }
  });

  it('a fault that begins ten minutes later is raised as usual', () => {
    const { clock, read } = series(COURSES['a daily course']!, 3, 2);
    clock.advance(10 * MINUTE);
    expect(read(120)).toEqual([]);
    expect(read(10, 10).map(({ kind }) => kind)).toEqual(['raised']);
  });
});

describe('AfterPause', () => {
  it('allows for a pause for ten values, for a long one for a hundred, and for how little is known', () => {
    const pause = new AfterPause();
    const left = (stretch: number, age: number, knowsHour: boolean): [doubt: number | undefined, values: number] => {
      pause.push(stretch, age, knowsHour);
      const { doubt } = pause;
      let values = 0;
      for (; pause.doubt !== undefined; values++) pause.push(1, age, knowsHour);
      return [doubt, values];
    };
    expect(left(1, 0, false)).toEqual([undefined, 0]);
    expect(left(4, 1_000, true)).toEqual([1, 10]);
    for (let n = 0; n < 100; n++) pause.push(1, 1_000, true);
    expect(left(500, 1_000, false)).toEqual([1.5, 100]);
  });

  it('finds no pauses in what always comes irregularly', () => {
    const pause = new AfterPause();
    const random = seededRandom(1);
    let allowed = 0;
    for (let n = 0; n < 10_000; n++) {
      pause.push(-Math.log(1 - random.next()), n, true);
      if (pause.doubt !== undefined) allowed++;
    }
    expect(allowed).toBeLessThan(100);
  });
});
