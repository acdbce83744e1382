// What a node's watch makes of made readings every five seconds: false alarms while all is well, and faults that come again.

import { AnomalyWatch } from '../../agents/anomaly/watch.ts';
import { VirtualClock } from '../../core/clock.ts';
import { type Random, seededRandom } from '../../core/random.ts';

const READINGS_A_DAY = 17_280;
const READINGS_AN_HOUR = READINGS_A_DAY / 24;
const STEP = 5000;

type Source = (reading: number) => number;

/** About normal: the sum of three uniform numbers. */
const normal = (random: Random): number => (random.next() + random.next() + random.next() - 1.5) * 2;

/** Noise, a slow wander, a daily course, heavy tails and a counter, in turn. */
function sourceOf(at: number): Source {
  const random = seededRandom(at + 1);
  let wander = 0;
  let counted = 0;
  return (reading) => {
    wander = 0.95 * wander + 0.3 * normal(random);
    counted += 50 + random.below(40);
    const day = Math.sin((2 * Math.PI * reading) / READINGS_A_DAY);
    return [50 + normal(random), 20 + wander, 40 + 10 * day + wander, Math.exp(0.8 * normal(random)), counted][at % 5]!;
  };
}

export interface LiveOutcome {
  hours: number;
  falseAlarms: number;
  faults: number;
  found: number;
  /** Readings from a fault's beginning until it was raised. */
  late: number[];
}

/** `count` series for `days`; with `faults`, one gauge an hour reads 10 more for five minutes, from the third hour on. */
export function live(count: number, days: number, faults: boolean): LiveOutcome {
  const clock = new VirtualClock();
  const watch = new AnomalyWatch({ clock });
  const sources = Array.from({ length: count }, (_, at) => sourceOf(at));
  const gauges = sources.map((_, at) => at).filter((at) => at % 5 !== 4);
  const outcome: LiveOutcome = { hours: 24 * days, falseAlarms: 0, faults: 0, found: 0, late: [] };
  for (let reading = 0; reading < days * READINGS_A_DAY; reading++) {
    clock.advance(STEP);
    const hour = Math.floor(reading / READINGS_AN_HOUR);
    const since = (reading % READINGS_AN_HOUR) - 300;
    const ill = faults && hour >= 2 && since >= 0 && since < 60 ? gauges[hour % gauges.length]! : -1;
    if (ill >= 0 && since === 0) outcome.faults++;
    for (const [at, source] of sources.entries()) {
      const value = source(reading) + (at === ill ? 10 : 0);
      const kind = at % 5 === 4 ? 'counter' : 'gauge';
      for (const event of watch.observe({ subject: 'node', metric: `metric-${at}`, kind, value })) {
        if (event.kind !== 'raised') continue;
        if (at !== ill) outcome.falseAlarms++;
        else {
          outcome.found++;
          outcome.late.push(since);
        }
      }
    }
  }
  return outcome;
}
