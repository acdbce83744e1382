// How a lamp is, from the pixels around it: lit or not, in which colour, and over some seconds whether it blinks.

import type { Millis } from '../../core/clock.ts';
import type { LedColour } from './config.ts';

export interface LedSight {
  colour: LedColour;
  /** 0 to 1: how far the lamp stands out of what surrounds it. */
  contrast: number;
}

/** Pixels of a small area: red, green, blue, row by row. */
export interface Pixels {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/** Share of the pixels that can be the lamp itself: it is drawn closely around, but need not fill the area. */
const CORE = 0.08;
/** Of full brightness: what a lit lamp has at least, and by how much it is brighter than its surroundings. */
const LIT = { brightness: 0.45, contrast: 0.18 };
/** A lamp in its own light is never grey: less than this is white. */
const COLOURED = 0.22;

/** One picture's sight of a lamp. A lens that overexposes is white in its middle, so the colour is that of its edge. */
export function seeLed({ width, height, rgb }: Pixels): LedSight {
  const count = width * height;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    values[index] = Math.max(rgb[3 * index]!, rgb[3 * index + 1]!, rgb[3 * index + 2]!) / 255;
  }
  const sorted = Float32Array.from(values).sort();
  const core = Math.max(1, Math.round(count * CORE));
  const threshold = sorted[count - core]!;
  const brightness = meanFrom(sorted, count - core);
  const surroundings = sorted[Math.floor(count / 2)]!;
  const contrast = Math.max(0, brightness - surroundings);
  if (brightness < LIT.brightness || contrast < LIT.contrast) return { colour: 'off', contrast };
  // Everything that glows counts by how coloured and how bright it is.
  const glow = Math.min(threshold, surroundings + contrast / 2);
  let [x, y, weight, coloured] = [0, 0, 0, 0];
  for (let index = 0; index < count; index++) {
    if (values[index]! < glow) continue;
    const { hue, saturation } = hueOf(rgb[3 * index]!, rgb[3 * index + 1]!, rgb[3 * index + 2]!);
    const share = saturation * values[index]!;
    x += Math.cos(hue) * share;
    y += Math.sin(hue) * share;
    weight += values[index]!;
    coloured += share;
  }
  if (weight === 0 || coloured / weight < COLOURED) return { colour: 'white', contrast };
  return { colour: nameOf(((Math.atan2(y, x) * 180) / Math.PI + 360) % 360), contrast };
}

export type LedPattern = 'on' | 'off' | 'blinking';

export interface LedState {
  pattern: LedPattern;
  /** While lit. */
  colour: LedColour;
}

interface Seen {
  at: Millis;
  colour: LedColour;
}

/** A lamp that blinks slower than this is on and off. */
const WINDOW: Millis = 8000;
/** Changes within the window that make it blink: on, off and on again may be a reboot. */
const CHANGES = 3;
const MOST_SEEN = 256;

/** Remembers some seconds of a lamp. */
export class LedWatch {
  #seen: Seen[] = [];

  /** Undefined until enough was seen to tell a lamp that is off from one that blinks. */
  see(colour: LedColour, at: Millis): LedState | undefined {
    this.#seen.push({ at, colour });
    this.#seen = this.#seen.filter((one) => at - one.at <= WINDOW).slice(-MOST_SEEN);
    if (at - this.#seen[0]!.at < WINDOW / 2 || this.#seen.length < CHANGES + 1) return undefined;
    let changes = 0;
    for (let index = 1; index < this.#seen.length; index++) {
      if ((this.#seen[index]!.colour === 'off') !== (this.#seen[index - 1]!.colour === 'off')) changes++;
    }
    const lit = this.#seen.filter((one) => one.colour !== 'off');
    if (changes >= CHANGES) return { pattern: 'blinking', colour: commonest(lit) };
    return colour === 'off' ? { pattern: 'off', colour: 'off' } : { pattern: 'on', colour: commonest(lit) };
  }
}

function commonest(seen: readonly Seen[]): LedColour {
  const counts = new Map<LedColour, number>();
  for (const { colour } of seen) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'off';
}

/** Hue in radians, saturation from 0 to 1 (HSV). */
function hueOf(red: number, green: number, blue: number): { hue: number; saturation: number } {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range === 0) return { hue: 0, saturation: 0 };
  const sector =
    most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range;
  return { hue: (sector * Math.PI) / 3, saturation: range / most };
}

/** @param hue degrees */
function nameOf(hue: number): LedColour {
  if (hue < 18 || hue >= 320) return 'red';
  if (hue < 68) return 'amber';
  if (hue < 172) return 'green';
  return 'blue';
}

function meanFrom(sorted: Float32Array, from: number): number {
  let sum = 0;
  for (let index = from; index < sorted.length; index++) sum += sorted[index]!;
  return sum / (sorted.length - from);
}
