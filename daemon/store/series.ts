// Measured series in memory: the last minutes as they were measured (charts right after the start), and the running
// means that become rows.

import { type MeasurementRow, MINUTE } from './measurements.ts';

const MOST_SERIES = 256;
const MOST_NAME = 100;
const MOST_RECENT = 300;
/** How long single values are kept. */
const RECENT = 10 * MINUTE;

interface Series {
  recent: [number, number][];
  sum: number;
  count: number;
}

export class MeasuredSeries {
  readonly #series = new Map<string, Series>();
  #bucket: number | undefined;

  /**
   * Takes one value in. Returns false when it was not: not a finite number, or a series too many.
   * @param at milliseconds since 1970
   */
  add(name: string, at: number, value: number): boolean {
    if (!Number.isFinite(value) || name.length > MOST_NAME) return false;
    let series = this.#series.get(name);
    if (series === undefined) {
      if (this.#series.size >= MOST_SERIES) this.#forget(at - RECENT);
      if (this.#series.size >= MOST_SERIES) return false;
      series = { recent: [], sum: 0, count: 0 };
      this.#series.set(name, series);
    }
    series.recent.push([at, value]);
    if (series.recent.length > MOST_RECENT) series.recent.shift();
    series.sum += value;
    series.count += 1;
    this.#bucket ??= Math.floor(at / MINUTE);
    return true;
  }

  /** The means since the last call as a row, and a new beginning; undefined when nothing was measured. */
  close(): MeasurementRow | undefined {
    if (this.#bucket === undefined) return undefined;
    const row: MeasurementRow = { minute: this.#bucket, means: {} };
    this.#bucket = undefined;
    for (const [name, series] of this.#series) {
      // Five digits are finer than any chart and a third of the bytes.
      if (series.count > 0) row.means[name] = Number((series.sum / series.count).toPrecision(5));
      series.sum = 0;
      series.count = 0;
    }
    return row;
  }

  /** Single values from `since` on that are at most ten minutes older than the newest, oldest first. */
  recent(name: string, since: number): [number, number][] {
    const recent = this.#series.get(name)?.recent ?? [];
    const from = Math.max(since, (recent.at(-1)?.[0] ?? 0) - RECENT);
    return recent.filter(([at]) => at >= from);
  }

  /** Makes room: links and cameras that are gone measure no more. */
  #forget(before: number): void {
    for (const [name, { recent, count }] of this.#series) {
      if (count === 0 && (recent.at(-1)?.[0] ?? 0) < before) this.#series.delete(name);
    }
  }
}
