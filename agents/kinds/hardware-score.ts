// A first anomaly score of the node, from its hardware readings.

import { RobustWindow } from '../anomaly/robust-window.ts';
import type { HardwareReading } from './hardware-reading.ts';

interface Metric {
  /** Undefined where this board does not tell. More is worse. */
  value(reading: HardwareReading): number | undefined;
  /** Changes up to about three times this are ordinary life of a board. */
  floor: number;
}

const METRICS: readonly Metric[] = [
  { value: (reading) => reading.cpu.load, floor: 0.1 },
  { value: (reading) => reading.temperatureCelsius, floor: 2 },
  { value: ({ memory }) => 1 - memory.availableBytes / memory.totalBytes, floor: 0.03 },
  { value: ({ disk }) => 1 - disk.availableBytes / disk.totalBytes, floor: 0.02 },
  { value: (reading) => reading.eventLoopDelaySeconds, floor: 0.05 },
];

/** Ten minutes of readings at the usual five seconds; unusual after one. */
const WINDOW = { size: 120, warmUp: 12 };
/** A named symptom is at least this anomalous, however long it lasts. */
const SYMPTOM_SCORE = 0.8;

/**
 * The score is the highest of the metrics' scores (`RobustWindow`), where each counts with the lower of its last two:
 * one odd reading is no anomaly. With a symptom active it is at least 0.8.
 */
export class HardwareScore {
  readonly #windows = METRICS.map(({ floor }) => new RobustWindow({ ...WINDOW, floor }));
  readonly #previous = METRICS.map(() => 0);

  push(reading: HardwareReading, symptomActive: boolean): number {
    let highest = symptomActive ? SYMPTOM_SCORE : 0;
    for (const [index, metric] of METRICS.entries()) {
      const value = metric.value(reading);
      if (value === undefined) continue;
      const score = this.#windows[index]!.push(value);
      highest = Math.max(highest, Math.min(score, this.#previous[index]!));
      this.#previous[index] = score;
    }
    return highest;
  }
}
