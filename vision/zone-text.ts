// What a camera's zones say: a meter, a sign, a display. Zones that are due and changed are read, one after the other and
// off the path of the pictures; the newest picture counts, none waits.

import type { Clock, Millis } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import { Occasional } from './camera/occasional.ts';
import type { CameraConfig } from './config.ts';
import type { Polygon } from './geometry.ts';
import type { Raster } from './ocr/raster.ts';
import type { TextReading } from './ocr/reading.ts';
import { textPicture } from './ocr/text-picture.ts';
import { ZoneReader, type ZoneState } from './ocr/zone-reader.ts';
import type { NoValue } from './ocr/zone-value.ts';

/** Reads the text in a part of a picture. */
export type ReadText = (
  picture: Raster,
  options: { zone: Polygon },
) => Promise<Pick<TextReading, 'text' | 'regions' | 'unreadable'>>;

/** What a zone says, as it is shown. */
export interface ReadingSnapshot {
  zone: string;
  text?: string;
  number?: number;
  unit?: string;
  confidence?: number;
  /** Why there is no value: nothing was read yet, or not so that it counts. */
  why?: NoValue | 'not read yet';
  /** Wall-clock milliseconds of the picture that confirmed it. */
  at?: number;
}

export interface ZoneTextOptions {
  config: CameraConfig;
  /** Undefined where this node reads nothing. */
  readText: ReadText | undefined;
  clock: Clock;
  journal: Journal;
  logger: Logger;
  /** A zone says something else. */
  onChange: () => void;
}

const NEWS_EVERY: Millis = 600_000;

export class ZoneText {
  readonly #options: ZoneTextOptions;
  readonly #reader: ZoneReader;
  readonly #states = new Map<string, ZoneState>();
  readonly #news: Occasional<ZoneState>;
  #reading: Promise<void> | undefined;

  constructor(options: ZoneTextOptions) {
    this.#options = options;
    const { config, clock, journal } = options;
    this.#reader = new ZoneReader({
      readings: config.readings,
      zones: config.zones.map(({ name, points }) => ({ name, polygon: points })),
    });
    this.#news = new Occasional<ZoneState>(clock, NEWS_EVERY, ({ zone, value, why }, others) =>
      journal.record({
        severity: 'info',
        kind: 'zone.read',
        subject: `camera/${config.name}`,
        message: `Camera ${config.name}: zone ${zone} ${value === undefined ? `has no value (${why})` : `says ${inWords(value)}`}`,
        data: { zone, value: value?.number ?? value?.text, why, others },
      }),
    );
  }

  /** Reads what is due of a picture, unless another is being read. */
  offer(bytes: Uint8Array, now: Millis, wall: number): void {
    const { readText, config } = this.#options;
    if (readText === undefined || config.readings.length === 0) return;
    if (this.#reading !== undefined || !this.#reader.isDue(now)) return;
    this.#reading = this.#read(readText, bytes, now, wall).finally(() => {
      this.#reading = undefined;
    });
  }

  snapshot(): ReadingSnapshot[] {
    return this.#options.config.readings.map(({ zone, unit }) => {
      const state = this.#states.get(zone);
      const known = { zone, ...(unit !== undefined && { unit }) };
      if (state === undefined) return { ...known, why: 'not read yet' };
      const { value, why, at } = state;
      return { ...known, ...value, ...(why !== undefined && { why }), at };
    });
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    await this.#reading;
    this.#news.flush();
  }

  /** Never rejects. */
  async #read(readText: ReadText, bytes: Uint8Array, now: Millis, wall: number): Promise<void> {
    const { logger, config } = this.#options;
    let picture: Raster;
    try {
      picture = (await textPicture(bytes)).raster;
    } catch {
      // A picture that cannot be decoded is the camera's own news.
      return;
    }
    for (const { name, polygon } of this.#reader.lookAt(picture, now)) {
      try {
        this.#take(this.#reader.onRead(name, await readText(picture, { zone: polygon }), wall));
      } catch (error) {
        this.#reader.onFailed(name);
        logger.debug({ camera: config.name, zone: name, cause: messageOf(error) }, 'a zone was not read');
      }
    }
  }

  #take(state: ZoneState | undefined): void {
    if (state === undefined) return;
    this.#states.set(state.zone, state);
    this.#news.offer(state.zone, state);
    this.#options.onChange();
  }
}

function inWords({ text, number, unit }: NonNullable<ZoneState['value']>): string {
  const said = number === undefined ? `“${text.replaceAll('\n', ' ')}”` : String(number);
  return unit === undefined ? said : `${said} ${unit}`;
}
