// Day or night, by the picture itself: references of the two are kept apart.

import type { Measures } from './measures.ts';

export type Light = 'day' | 'night';

/** Pictures with less colour than this are those of infrared light, or of hardly any. */
const COLOURLESS = 4;
/** Brightness below which it is night. */
const DIM = 28;

/** Does not change at every flicker: the light before counts. */
export function lightOf({ chroma, meanLuma }: Pick<Measures, 'chroma' | 'meanLuma'>, before: Light | undefined): Light {
  const margin = before === 'night' ? 1.3 : before === 'day' ? 0.8 : 1;
  return chroma < COLOURLESS * margin || meanLuma < DIM * margin ? 'night' : 'day';
}
