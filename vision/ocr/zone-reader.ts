// Reads zones of a camera's pictures as values: a meter, a sign, a display. This says which zone is due and whether it
// changed, and when a value is sure enough to be told; whoever has the pictures does the reading.

import type { Millis } from '../../core/clock.ts';
import type { Polygon } from '../geometry.ts';
import type { OcrReading } from './config.ts';
import type { Raster } from './raster.ts';
import type { TextReading } from './reading.ts';
import { type NoValue, type ZoneValue, ZoneValueReader } from './zone-value.ts';

export interface ZoneToRead {
  name: string;
  polygon: Polygon;
}

/** What a zone shows, as it is told. */
export interface ZoneState {
  zone: string;
  /** Undefined until the first one, and while there is none. */
  value: ZoneValue | undefined;
  /** Why there is none. */
  why: NoValue | undefined;
  /** Milliseconds since 1970 of the picture that confirmed it. */
  at: number;
}

export interface ZoneReaderOptions {
  readings: readonly OcrReading[];
  /** The camera's zones. Readings of a zone that is not among them are left out; the configuration refuses them. */
  zones: readonly ZoneToRead[];
}

/** A zone's look: mean brightness of so many cells across and down. */
const CELLS = { across: 32, down: 16 };
/** Levels of 255 by which one cell must differ to count as changed: above the noise of a camera at night. */
const CHANGED_LEVEL = 10;
/** Cells that must differ: a single digit of a meter is some. */
const CHANGED_CELLS = 2;
/** A zone that does not change is read again all the same after so many looks, in case it was read wrongly. */
const READ_AGAIN_AFTER = 60;

interface Watched {
  reading: OcrReading;
  values: ZoneValueReader;
  polygon: Polygon;
  dueAt: Millis;
  look: Float32Array | undefined;
  unchanged: number;
  /** What was read last, and how often one after the other. */
  last: { key: string; count: number } | undefined;
  told: string | undefined;
  busy: boolean;
}

export class ZoneReader {
  readonly #watched: Map<string, Watched>;

  constructor({ readings, zones }: ZoneReaderOptions) {
    const polygons = new Map(zones.map(({ name, polygon }) => [name, polygon]));
    this.#watched = new Map(
      readings.flatMap((reading) => {
        const polygon = polygons.get(reading.zone);
        if (polygon === undefined) return [];
        const fresh = {
          dueAt: -Infinity,
          look: undefined,
          unchanged: 0,
          last: undefined,
          told: undefined,
          busy: false,
        };
        return [[reading.zone, { reading, values: new ZoneValueReader(reading), polygon, ...fresh }] as const];
      }),
    );
  }

  /** Whether any zone wants to see a picture now: only then is it worth decoding one for it. */
  isDue(now: Millis): boolean {
    return [...this.#watched.values()].some(({ dueAt, busy }) => !busy && now >= dueAt);
  }

  /**
   * The zones of this picture that are to be read now: due, changed since they were last read or not yet told.
   * Each must be answered by `onRead` or `onFailed`; until then it is not due again.
   */
  lookAt(picture: Raster, now: Millis): ZoneToRead[] {
    const wanted: ZoneToRead[] = [];
    for (const [name, watched] of this.#watched) {
      if (watched.busy || now < watched.dueAt) continue;
      watched.dueAt = now + watched.reading.interval * 1000;
      const look = lookOf(picture, watched.polygon);
      const settled = watched.last !== undefined && watched.last.count >= watched.reading.agreeing;
      if (settled && !differs(look, watched.look) && ++watched.unchanged < READ_AGAIN_AFTER) continue;
      watched.look = look;
      watched.unchanged = 0;
      watched.busy = true;
      wanted.push({ name, polygon: watched.polygon });
    }
    return wanted;
  }

  /** @returns the zone's new state when it is to be told: another value than before, the same often enough in a row */
  onRead(
    zone: string,
    reading: Pick<TextReading, 'text' | 'regions' | 'unreadable'>,
    at: number,
  ): ZoneState | undefined {
    const watched = this.#watched.get(zone);
    if (watched === undefined) return undefined;
    watched.busy = false;
    const outcome = watched.values.valueOf(reading);
    const key = outcome.kind === 'value' ? `= ${outcome.value.number ?? outcome.value.text}` : outcome.why;
    watched.last = { key, count: watched.last?.key === key ? watched.last.count + 1 : 1 };
    if (watched.last.count < watched.reading.agreeing || key === watched.told) return undefined;
    watched.told = key;
    return outcome.kind === 'value'
      ? { zone, value: outcome.value, why: undefined, at }
      : { zone, value: undefined, why: outcome.why, at };
  }

  /** It could not be read for a reason of the reader's: it is tried again when it is due. */
  onFailed(zone: string): void {
    const watched = this.#watched.get(zone);
    if (watched === undefined) return;
    watched.busy = false;
    watched.look = undefined;
    watched.last = undefined;
  }
}

/** Mean brightness of cells over the box around the polygon. */
function lookOf({ width, height, pixels }: Raster, polygon: Polygon): Float32Array {
  const xs = polygon.map(([x = 0]) => x * width);
  const ys = polygon.map(([, y = 0]) => y * height);
  const left = Math.min(width - 1, Math.floor(Math.min(...xs)));
  const top = Math.min(height - 1, Math.floor(Math.min(...ys)));
  const right = Math.max(left + 1, Math.min(width, Math.ceil(Math.max(...xs))));
  const bottom = Math.max(top + 1, Math.min(height, Math.ceil(Math.max(...ys))));
  const sums = new Float32Array(CELLS.across * CELLS.down);
  const counts = new Uint32Array(CELLS.across * CELLS.down);
  for (let y = top; y < bottom; y++) {
    const row = Math.floor(((y - top) * CELLS.down) / (bottom - top)) * CELLS.across;
    for (let x = left; x < right; x++) {
      const cell = row + Math.floor(((x - left) * CELLS.across) / (right - left));
      const at = (y * width + x) * 3;
      sums[cell]! += (pixels[at]! + 2 * pixels[at + 1]! + pixels[at + 2]!) / 4;
      counts[cell]!++;
    }
  }
  return sums.map((sum, cell) => (counts[cell] === 0 ? 0 : sum / counts[cell]!));
}

/** Whether cells differ beyond what more or less light explains: the straight line that fits best leaves a rest. */
function differs(look: Float32Array, before: Float32Array | undefined): boolean {
  if (before === undefined) return true;
  const [mean, meanBefore] = [meanOf(look), meanOf(before)];
  let together = 0;
  let own = 0;
  for (let cell = 0; cell < look.length; cell++) {
    together += (look[cell]! - mean) * (before[cell]! - meanBefore);
    own += (before[cell]! - meanBefore) ** 2;
  }
  const gain = own === 0 ? 1 : together / own;
  let changed = 0;
  for (let cell = 0; cell < look.length; cell++) {
    if (Math.abs(look[cell]! - mean - gain * (before[cell]! - meanBefore)) >= CHANGED_LEVEL) changed++;
  }
  return changed >= CHANGED_CELLS;
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
