// A drawing as a camera sees it: at an angle, in uneven light, with noise, a soft lens and JPEG; and as screenshots are
// scaled. Where each node is afterwards goes along.

import type { Random } from '../../core/random.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import type { Truth } from './drawing.ts';

export interface Picture {
  bytes: Buffer;
  truth: Truth;
}

export interface PhotoLimits {
  /** Shares of the picture's sides by which corners are moved. */
  tilt: number;
  noise: number;
  blur: number;
  quality: number;
  /** What lies around the page; none: the page fills the picture. */
  desk: readonly (readonly [number, number, number])[];
}

export async function scaled({ bytes, truth }: Picture, factor: number): Promise<Picture> {
  const sharp = await loadSharp();
  const { width } = await sharp(bytes).metadata();
  const png = await sharp(bytes)
    .resize(Math.round(width * factor))
    .png()
    .toBuffer();
  return {
    bytes: png,
    truth: { ...truth, nodes: truth.nodes.map((node) => moved(node, ([x, y]) => [x * factor, y * factor], factor)) },
  };
}

type Map = (point: [number, number]) => [number, number];

function moved(node: Truth['nodes'][number], map: Map, factor: number): Truth['nodes'][number] {
  const [x, y] = map([node.x, node.y]);
  return { ...node, x, y, width: node.width * factor, height: node.height * factor };
}

export async function photographed({ bytes, truth }: Picture, limits: PhotoLimits, random: Random): Promise<Picture> {
  const sharp = await loadSharp();
  const { data, info } = await sharp(bytes)
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width: w, height: h } = info;
  const factor = Math.max(1, Math.min(2, 1300 / Math.max(w, h))) * (0.9 + 0.3 * random.next());
  const hasDesk = random.next() < 0.6;
  const margin = hasDesk ? 0.04 + 0.06 * random.next() : 0;
  const [width, height] = [Math.round(w * factor * (1 + 2 * margin)), Math.round(h * factor * (1 + 2 * margin))];
  const tilt = (): number => (margin + limits.tilt * random.next()) * factor;
  // Where the page's corners come to lie.
  const corners: [number, number][] = [
    [w * tilt(), h * tilt()],
    [width - w * tilt(), h * tilt()],
    [width - w * tilt(), height - h * tilt()],
    [w * tilt(), height - h * tilt()],
  ];
  const toPhoto = homography(
    [
      [0, 0],
      [w, 0],
      [w, h],
      [0, h],
    ],
    corners,
  );
  const toPage = homography(corners, [
    [0, 0],
    [w, 0],
    [w, h],
    [0, h],
  ]);
  const desk = hasDesk ? limits.desk[random.below(limits.desk.length)]! : undefined;
  const light = { x: (random.next() - 0.5) * 0.5, y: (random.next() - 0.5) * 0.5, warm: 0.9 + 0.1 * random.next() };
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = toPage([x + 0.5, y + 0.5]);
      const inside = u >= 0 && v >= 0 && u < w && v < h;
      const shine = 0.84 + light.x * (x / width - 0.5) + light.y * (y / height - 0.5);
      const noise = (random.next() + random.next() + random.next() - 1.5) * 2 * limits.noise;
      for (let c = 0; c < 3; c++) {
        const paper =
          inside || desk === undefined
            ? sample(data, w, h, u - 0.5, v - 0.5, c)
            : desk[c]! + 12 * Math.sin(x * 0.05 + y * 0.013 * c);
        pixels[(y * width + x) * 3 + c] = Math.max(
          0,
          Math.min(255, paper * shine * (c === 2 ? light.warm : 1) + noise),
        );
      }
    }
  }
  let image = sharp(pixels, { raw: { width, height, channels: 3 } });
  if (limits.blur >= 0.3) image = image.blur(limits.blur * (0.7 + 0.6 * random.next()));
  const jpeg = await image.jpeg({ quality: limits.quality }).toBuffer();
  return { bytes: jpeg, truth: { ...truth, nodes: truth.nodes.map((node) => moved(node, toPhoto, factor)) } };
}

function sample(data: Buffer, w: number, h: number, x: number, y: number, c: number): number {
  const [u, v] = [Math.max(0, Math.min(w - 1.001, x)), Math.max(0, Math.min(h - 1.001, y))];
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const at = (dx: number, dy: number): number => data[((j + dy) * w + i + dx) * 3 + c]!;
  const [fx, fy] = [u - i, v - j];
  return (
    at(0, 0) * (1 - fx) * (1 - fy) +
    at(Math.min(1, w - 1 - i), 0) * fx * (1 - fy) +
    at(0, Math.min(1, h - 1 - j)) * (1 - fx) * fy +
    at(Math.min(1, w - 1 - i), Math.min(1, h - 1 - j)) * fx * fy
  );
}

/** The projective map that takes four points to four others: eight equations, solved by elimination. */
function homography(from: [number, number][], to: [number, number][]): Map {
  const rows = from.flatMap(([x, y], i) => {
    const [u, v] = to[i]!;
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ];
  });
  for (let i = 0; i < 8; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (let k = 0; k < 8; k++) {
      if (k === i) continue;
      const times = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j < 9; j++) rows[k]![j]! -= times * rows[i]![j]!;
    }
  }
  const [a, b, c, d, e, f, g, k] = rows.map((row, i) => row[8]! / row[i]!);
  return ([x, y]) => {
    const z = g! * x + k! * y + 1;
    return [(a! * x + b! * y + c!) / z, (d! * x + e! * y + f!) / z];
  };
}
