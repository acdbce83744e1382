// What a state rests on, as numbers beside their reference, and in a sentence.

import type { Comparison } from './comparison.ts';
import type { TamperKind } from './judge.ts';
import type { Measures } from './measures.ts';
import type { Reference } from './reference.ts';
import type { Shift } from './shift.ts';
import { HEIGHT, WIDTH } from './working-picture.ts';

/** A number now, and what it usually is. */
export interface Finding {
  value: number;
  reference: number | null;
}
export type Evidence = Record<string, Finding>;

/** All shares are 0 to 1, brightness 0 to 255, entropy in bits. */
export function evidenceOf(
  kind: TamperKind,
  measures: Measures,
  reference: Reference | undefined,
  seen: Comparison | undefined,
  shift: Shift | undefined,
): Evidence {
  const levels = reference?.levels;
  const finding = (value: number, usual: number | undefined): Finding => ({
    value: rounded(value),
    reference: usual === undefined ? null : rounded(usual),
  });
  return {
    brightness: finding(measures.meanLuma, levels?.meanLuma),
    entropy: finding(measures.entropy, levels?.entropy),
    saturated: finding(measures.saturated, levels?.saturated),
    ...(seen !== undefined && {
      texture_kept: finding(seen.kept, 1),
      sharpness: finding(seen.sharpness, 1),
      shape: finding(seen.shape, 1),
      remnant: finding(seen.remnant, 1),
    }),
    ...(kind === 'signal-lost' && { flat: finding(measures.flat, levels?.flat) }),
    ...(shift !== undefined && {
      shift_x: finding(shift.x / WIDTH, 0),
      shift_y: finding(shift.y / HEIGHT, 0),
      shifted_match: finding(shift.correlation, Math.max(0, shift.unshifted)),
    }),
  };
}

export function messageOf(kind: TamperKind, evidence: Evidence): string {
  const percent = (name: string): string => `${Math.round((evidence[name]?.value ?? 0) * 100)} %`;
  switch (kind) {
    case 'clear':
      return 'The view is clear';
    case 'covered':
      return `The view is covered: ${percent('texture_kept')} of what is usually seen is left`;
    case 'sprayed':
      return `A part of the view is hidden: ${percent('texture_kept')} of what is usually seen is left`;
    case 'moved':
      return evidence.shift_x === undefined
        ? 'The camera looks elsewhere'
        : `The camera was moved: the view is shifted by ${percent('shift_x')} of its width, ${percent('shift_y')} of its height`;
    case 'defocused':
      return `The picture is out of focus: ${percent('sharpness')} of the usual detail is left`;
    case 'blinded':
      return `The camera is blinded: ${percent('saturated')} of the picture is white`;
    case 'frozen':
      return 'The picture stands still: the same one comes again and again';
    case 'dark':
      return `It is too dark to see: brightness ${evidence.brightness?.value ?? 0} of 255`;
    case 'signal-lost':
      return 'There is no signal: the picture is a test picture';
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
