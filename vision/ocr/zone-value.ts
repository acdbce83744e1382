// From the text that was read in a zone to its value.

import type { OcrReading } from './config.ts';
import { matcherOf } from './matcher.ts';
import type { TextReading } from './reading.ts';

export interface ZoneValue {
  /** What counts of the text. */
  text: string;
  /** Where the zone holds a number. */
  number?: number;
  unit?: string;
  /** 0 to 1: of the least sure line. */
  confidence: number;
}

/** Why a zone has no value now. */
export type NoValue = 'no text' | 'unreadable' | 'unsure' | 'no match' | 'no number';

export type ZoneOutcome = { kind: 'value'; value: ZoneValue } | { kind: 'none'; why: NoValue };

/** Of a text that is looked at. */
const MOST_TEXT = 1_000;

export class ZoneValueReader {
  readonly #reading: OcrReading;
  readonly #match: ((text: string) => string | undefined) | undefined;

  /** Throws `CONFIG_INVALID` for a pattern that is no regular expression. */
  constructor(reading: OcrReading) {
    this.#reading = reading;
    this.#match =
      reading.pattern === undefined ? undefined : matcherOf(reading.pattern, `the pattern of zone ${reading.zone}`);
  }

  valueOf({ text, regions, unreadable }: Pick<TextReading, 'text' | 'regions' | 'unreadable'>): ZoneOutcome {
    const { number, unit, minConfidence } = this.#reading;
    if (text === '') return { kind: 'none', why: unreadable.length > 0 ? 'unreadable' : 'no text' };
    const confidence = Math.min(...regions.map((region) => region.confidence));
    if (confidence < minConfidence) return { kind: 'none', why: 'unsure' };
    const matched = this.#match === undefined ? text : this.#match(text.slice(0, MOST_TEXT));
    if (matched === undefined) return { kind: 'none', why: 'no match' };
    if (!number) return { kind: 'value', value: { text: matched, confidence } };
    const parsed = parseNumber(matched);
    if (parsed === undefined) return { kind: 'none', why: 'no number' };
    return { kind: 'value', value: { text: matched, number: parsed, ...(unit !== undefined && { unit }), confidence } };
  }
}

/** Digits that stand apart (a meter's wheels), groups of three, or plain ones; with decimals. */
const NUMBER = /[-−+]?\s?(?:\d(?:\s\d)+(?!\d)|\d{1,3}(?:[\s'’]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)/;

/**
 * The first number of a text, with a decimal point or comma. Points and commas between thousands are left out; a lone
 * comma before three digits parts thousands, except after a zero.
 */
export function parseNumber(text: string): number | undefined {
  const found = NUMBER.exec(text)?.[0];
  if (found === undefined) return undefined;
  const compact = found.replace(/[\s'’+]/g, '').replace('−', '-');
  const last = Math.max(compact.lastIndexOf('.'), compact.lastIndexOf(','));
  if (last < 0) return finite(compact);
  const isThousands = compact.indexOf(compact[last]!) !== last || /^-?[1-9]\d{0,2},\d{3}$/.test(compact);
  const whole = (isThousands ? compact : compact.slice(0, last)).replace(/[.,]/g, '');
  return finite(isThousands ? whole : `${whole}.${compact.slice(last + 1)}`);
}

function finite(text: string): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
