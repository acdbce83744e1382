// What anomalies need over a restart, in the store: what is usual of each series and the readings that a federation learns from,
// written so rarely that flash does not wear, and what people said, written at once.

import { isDeepStrictEqual } from 'node:util';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { asBaselines, type BaselineDocument } from '../../agents/anomaly/baseline-document.ts';
import { Acknowledgement, MOST_ACKNOWLEDGED, QuietHours } from '../../agents/anomaly/quiet.ts';
import { ReadingsDocument } from '../../agents/anomaly/readings-document.ts';
import type { Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { MOST_QUIET_HOURS } from './config.ts';

export interface RememberedParts {
  store: { state(key: string): unknown; putState(key: string, value: unknown): Promise<void> };
  logger: Logger;
}

const BASELINES = 'anomaly.baselines';
const WORD = 'anomaly.word';
const READINGS = 'anomaly.readings';
const EARLIEST: Millis = 900_000;
const HOUR: Millis = 3_600_000;
/** Of baselines an hour, so that many series are written more rarely: a fifth of what the whole node may write. */
const BYTES_AN_HOUR = 1_000_000;

const Word = Type.Object({
  acknowledged: Type.Array(Acknowledgement, { maxItems: MOST_ACKNOWLEDGED }),
  /** In place of those of the configuration; left out where nobody said any. */
  quietHours: Type.Optional(Type.Array(QuietHours, { maxItems: MOST_QUIET_HOURS })),
});
/** What people said. */
export type Word = Static<typeof Word>;

export class Remembered {
  readonly #parts: RememberedParts;
  #writtenBytes = 0;

  constructor(parts: RememberedParts) {
    this.#parts = parts;
  }

  /** Undefined where there are none, or none that can be read: then they are learned anew. */
  baselines(): BaselineDocument | undefined {
    const stored = this.#read(BASELINES);
    if (stored === undefined) return undefined;
    try {
      return asBaselines(stored);
    } catch (error) {
      this.#parts.logger.warn({ cause: messageOf(error) }, 'what is usual is learned anew');
      return undefined;
    }
  }

  word(): Word {
    const stored = this.#read(WORD);
    return Value.Check(Word, stored) ? stored : { acknowledged: [] };
  }

  /** Resolves once it is on the disk. */
  async keepWord(word: Word): Promise<void> {
    await this.#parts.store.putState(WORD, word);
  }

  /** Of this board, for the federation; undefined where there are none that can be read. */
  readings(): ReadingsDocument | undefined {
    const stored = this.#read(READINGS);
    return Value.Check(ReadingsDocument, stored) ? stored : undefined;
  }

  /** What has not changed is not written again: a daemon that is restarted over and over reads nothing new. Never rejects. */
  async keepReadings(document: ReadingsDocument): Promise<void> {
    if (isDeepStrictEqual(document, this.readings())) return;
    await this.#keep(READINGS, document, JSON.stringify(document).length);
  }

  /** Resolves with the time until they should be written again: at least 15 minutes, and more the more there are. Never rejects. */
  async keepBaselines(document: BaselineDocument): Promise<Millis> {
    // Nearly all of it are the detectors' states, which are ASCII.
    const bytes = document.series.reduce(
      (sum, { detector, profile }) => sum + detector.length + 18 * profile.length,
      0,
    );
    await this.#keep(BASELINES, document, bytes);
    return Math.max(EARLIEST, (HOUR * bytes) / BYTES_AN_HOUR);
  }

  async #keep(key: string, document: object, bytes: number): Promise<void> {
    try {
      await this.#parts.store.putState(key, document);
      this.#writtenBytes += bytes;
    } catch (error) {
      this.#parts.logger.warn({ key, cause: messageOf(error) }, 'what is usual could not be written down');
    }
  }

  /** Of baselines and readings, since the start. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  #read(key: string): unknown {
    try {
      return this.#parts.store.state(key);
    } catch (error) {
      this.#parts.logger.warn({ key, cause: messageOf(error) }, 'what was remembered cannot be read');
      return undefined;
    }
  }
}
