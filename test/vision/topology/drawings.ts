// Drawings for the tests, with a reader that knows what is written where: what is tested is the rest.

import { loadSharp } from '../../../vision/picture/decode.ts';
import { openDrawing } from '../../../vision/topology/drawing-picture.ts';
import type { LabelReader } from '../../../vision/topology/graph.ts';
import { readDrawing } from '../../../vision/topology/read-drawing.ts';

export interface Written {
  text: string;
  /** Middle. */
  x: number;
  y: number;
}

const SIZE = 16;

export const text = ({ text: words, x, y }: Written, fill = '#000'): string =>
  `<text x="${x}" y="${y + SIZE * 0.35}" font-family="DejaVu Sans" font-size="${SIZE}" text-anchor="middle" fill="${fill}">${words}</text>`;

export async function pngOf(body: string, width = 600, height = 400, ground = '#fff'): Promise<Buffer> {
  const sharp = await loadSharp();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${ground}"/>${body}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** Knows the texts of a picture that is `width` wide; of parts of it nothing. */
function readerOf(texts: readonly Written[], width: number, height: number): LabelReader {
  return {
    read: async (picture) => {
      const scale = picture.width / width;
      const isWhole = Math.abs(picture.height / height - scale) < 0.02 * scale;
      const regions = texts.map(({ text: words, x, y }) => {
        const [w, h] = [(words.length * SIZE * 0.62) / 2 + 3, SIZE * 0.65];
        const corner = (dx: number, dy: number) => [(x + dx * w) * scale, (y + dy * h) * scale] as const;
        return {
          box: [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)] as const,
          text: words,
          confidence: 1,
        };
      });
      return { regions: isWhole ? regions : [], unreadable: [] };
    },
  };
}

/** What is read, links as `a-b` by label in order of the alphabet. */
export async function readFrom(png: Buffer, texts: readonly Written[], width = 600, height = 400) {
  const { raster } = await openDrawing(png);
  const graph = await readDrawing(raster, readerOf(texts, width, height));
  const label = new Map(graph.nodes.map((node) => [node.id, node.label]));
  return {
    graph,
    labels: graph.nodes.map((node) => node.label).sort(),
    links: graph.edges.map(({ source, target }) => [label.get(source), label.get(target)].sort().join('-')).sort(),
  };
}
