// The pictures of a set: each style drawn some times, clean, scaled and photographed; the same from the same seed.

import { seededRandom } from '../../core/random.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import { drawDiagram } from './drawing.ts';
import { drawWithGraphviz } from './graphviz.ts';
import { drawMap } from './own-maps.ts';
import { type Picture, photographed, scaled } from './photograph.ts';
import type { StyleSet } from './styles.ts';

export type Kind = 'clean' | 'scaled' | 'photographed';

export interface BenchPicture extends Picture {
  style: string;
  kind: Kind;
}

/** @param each pictures of a style and kind */
export async function* picturesOf(set: StyleSet, seed: number, each: number): AsyncGenerator<BenchPicture> {
  const sharp = await loadSharp();
  for (let round = 0; round < each; round++) {
    for (const [i, style] of [...set.own, ...set.graphviz, ...set.maps].entries()) {
      const random = seededRandom(seed * 1000 + round * 100 + i);
      const count = 4 + random.below(22);
      const drawn =
        'engine' in style
          ? await drawWithGraphviz(style, count, random).catch(() => undefined)
          : 'map' in style
            ? await drawMap(style, count, random)
            : await svgPicture(style, count);
      if (drawn === undefined) continue;
      const picture = { bytes: drawn.png, truth: drawn.truth };
      yield { ...picture, style: style.name, kind: 'clean' };
      const factor = set.scales[random.below(set.scales.length)]!;
      yield { ...(await scaled(picture, factor)), style: style.name, kind: 'scaled' };
      yield { ...(await photographed(picture, set.photo, random)), style: style.name, kind: 'photographed' };

      async function svgPicture(own: (typeof set.own)[number], nodes: number) {
        const { svg, truth } = drawDiagram(own, nodes, random);
        return { png: await sharp(Buffer.from(svg)).png().toBuffer(), truth };
      }
    }
  }
}
