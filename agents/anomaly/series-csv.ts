// Reads a series from lines of CSV, one by one: a time, a value, perhaps a label. A bad line is named. Pure.

import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';

export interface CsvPoint {
  /** As it was written. */
  timestamp: string;
  at: Millis;
  /** NaN where it is missing: empty, `NaN` or `null`. */
  value: number;
  /** As it was written, where there is such a column. */
  label?: string;
}

export const LONGEST_LINE = 4096;
const MISSING = new Set(['', 'nan', 'na', 'n/a', 'null', 'none', '?']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Without a zone, as NAB writes them: taken as UTC. */
const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})([ T](\d{2}:\d{2}(:\d{2}(\.\d+)?)?))?$/;
const ZONED_TIME = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:?\d{2})$/i;
/** Numbers from here on are milliseconds since 1970, below seconds. */
const MILLISECONDS_FROM = 1e11;

interface Columns {
  timestamp: number;
  value: number;
  label: number | undefined;
}

export class SeriesCsv {
  readonly #name: string;
  #columns: Columns | undefined;
  #line = 0;

  /** @param name of the file, for errors */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * The point of the next line; undefined of a header or an empty line. Without a header the first two columns are time and
   * value; with one, those named `timestamp` (or `time`, `date`) and `value`, else the first two. Throws `SERIES_INVALID`.
   */
  next(line: string): CsvPoint | undefined {
    this.#line++;
    const text = this.#line === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.length > LONGEST_LINE) throw this.#wrong(`it is longer than ${LONGEST_LINE} characters`);
    if (text.trim() === '') return undefined;
    const cells = text.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (this.#columns === undefined) {
      const header = timeOf(cells[0]!) === undefined && !isValue(cells[1] ?? '');
      this.#columns = header ? columnsOf(cells) : { timestamp: 0, value: 1, label: undefined };
      if (header) return undefined;
    }
    return this.#point(cells, this.#columns);
  }

  #point(cells: readonly string[], { timestamp, value, label }: Columns): CsvPoint {
    const time = cells[timestamp];
    const given = cells[value];
    if (time === undefined || given === undefined) {
      throw this.#wrong(`it has ${cells.length} of at least ${Math.max(timestamp, value) + 1} columns`);
    }
    const at = timeOf(time);
    if (at === undefined) {
      throw this.#wrong(
        `"${shown(time)}" is no time`,
        'Write times as 2026-01-31 12:00:00, in ISO 8601, or as seconds since 1970',
      );
    }
    if (!isValue(given))
      throw this.#wrong(`"${shown(given)}" is no number`, 'Leave the value empty where it is missing');
    const written = label === undefined ? undefined : cells[label];
    return {
      ...{ timestamp: time, at, value: MISSING.has(given.toLowerCase()) ? Number.NaN : Number(given) },
      ...(written !== undefined && { label: written }),
    };
  }

  #wrong(why: string, hint?: string): ParlmeshError {
    return new ParlmeshError('SERIES_INVALID', `${this.#name}:${this.#line}: ${why}`, {
      data: { line: this.#line },
      hint: hint ?? 'Each line has a time and a value: 2026-01-31 12:00:00,17.5',
    });
  }
}

function columnsOf(header: readonly string[]): Columns {
  const find = (...names: string[]): number => header.findIndex((cell) => names.includes(cell.toLowerCase()));
  const timestamp = Math.max(0, find('timestamp', 'time', 'date', 'datetime'));
  const value = find('value');
  const label = find('label');
  return {
    timestamp,
    value: value >= 0 ? value : timestamp === 1 ? 0 : 1,
    label: label >= 0 ? label : undefined,
  };
}

const isValue = (text: string): boolean => MISSING.has(text.toLowerCase()) || NUMBER.test(text);

function timeOf(text: string): Millis | undefined {
  if (NUMBER.test(text)) return Number(text) * (Math.abs(Number(text)) >= MILLISECONDS_FROM ? 1 : 1000);
  const local = LOCAL_TIME.exec(text);
  const iso =
    local !== null ? `${local[1]}T${local[3] ?? '00:00'}Z` : ZONED_TIME.test(text) ? text.replace(' ', 'T') : '';
  const at = Date.parse(iso.replace(/ /g, ''));
  return Number.isNaN(at) ? undefined : at;
}

const shown = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
