// A state as a shape and a word: the shape differs for every tone, so that colour is never the only sign.

import type { ComponentChildren } from 'preact';
import { TONES, type Tone } from './tone.ts';

const SHAPES: Readonly<Record<Tone, string>> = {
  good: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
  busy: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zm0 2.2v6.6a3.3 3.3 0 0 1 0-6.6z',
  warn: 'M8 2 14.5 13.5h-13z',
  bad: 'M4.2 2.8 8 6.6l3.8-3.8 1.4 1.4L9.4 8l3.8 3.8-1.4 1.4L8 9.4l-3.8 3.8-1.4-1.4L6.6 8 2.8 4.2z',
  off: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zm0 1.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z',
};

export function Mark({ tone }: { tone: Tone }) {
  return (
    <svg class={`mark tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[tone]} fill-rule="evenodd" />
    </svg>
  );
}

/** The mark as a part of a larger drawing, 16 units wide. */
export function MarkShape({ tone }: { tone: Tone }) {
  return <path class={`mark-shape tone-${tone}`} d={SHAPES[tone]} fill-rule="evenodd" />;
}

/** A mark and its words. */
export function Toned({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class="state">
      <Mark tone={tone} />
      <span>{children}</span>
    </span>
  );
}

/** A state's mark and word, e.g. a filled circle and "connected". */
export function State({ of, children }: { of: keyof typeof TONES; children?: ComponentChildren }) {
  return <Toned tone={TONES[of]}>{children ?? of}</Toned>;
}
