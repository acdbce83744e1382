// A drawn cabinet: a lamp and a gate, in changing light, with the noise of a camera, and somebody who passes now and then.

import sharp from 'sharp';
import type { Random } from '../../core/random.ts';

export interface SceneState {
  lamp: 'off' | 'green' | 'red' | 'amber';
  gate: 'closed' | 'open';
  /** 0.25 dusk to 1 day. */
  light: number;
  /** Somebody stands before everything. */
  hidden: boolean;
}

/** The same for all pictures of an episode. */
export interface Cabinet {
  x: number;
  y: number;
  radius: number;
  wall: number;
  seed: number;
}

export const SIZE = { width: 320, height: 240 };
const GLOW = { green: '#3ff06a', red: '#ff4030', amber: '#ffb428', off: '#20261f' };

export const cabinetOf = (random: Random): Cabinet => ({
  x: 60 + random.below(80),
  y: 50 + random.below(60),
  radius: 4 + random.below(4),
  wall: 60 + random.below(90),
  seed: random.below(1e6),
});

/** Zones of the lamp and of the gate, as somebody would draw them. */
export function zonesOf({ x, y, radius }: Cabinet) {
  const box = (left: number, top: number, width: number, height: number): number[][] =>
    [
      [left, top],
      [left + width, top],
      [left + width, top + height],
      [left, top + height],
    ].map(([px, py]) => [px! / SIZE.width, py! / SIZE.height]);
  const reach = radius * 2.2;
  return { lamp: box(x - reach, y - reach, 2 * reach, 2 * reach), gate: box(200, 60, 90, 140) };
}

export async function draw(
  cabinet: Cabinet,
  { lamp, gate, light, hidden }: SceneState,
  random: Random,
): Promise<Buffer> {
  const { x, y, radius, wall } = cabinet;
  const grey = (value: number): string =>
    `rgb(${[value, value, value + 4].map((one) => Math.round(one * light)).join()})`;
  const lit = lamp === 'off' ? grey(32) : GLOW[lamp];
  const leaf =
    gate === 'closed'
      ? `<rect x="215" y="75" width="60" height="120" fill="${grey(190)}"/>`
      : `<rect x="215" y="75" width="60" height="120" fill="${grey(18)}"/><rect x="262" y="75" width="13" height="120" fill="${grey(150)}"/>`;
  const somebody = hidden
    ? `<rect x="20" y="10" width="290" height="230" fill="${grey(70)}"/><circle cx="120" cy="70" r="40" fill="${grey(120)}"/>`
    : '';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE.width}" height="${SIZE.height}">
    <rect width="320" height="240" fill="${grey(wall)}"/><rect x="40" y="30" width="140" height="180" fill="${grey(wall * 0.5)}"/>
    <circle cx="${x}" cy="${y}" r="${radius}" fill="${lit}"/>${leaf}${somebody}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at++)
    data[at] = Math.max(0, Math.min(255, data[at]! + (random.next() - 0.5) * 16));
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .jpeg({ quality: 70 })
    .toBuffer();
}
