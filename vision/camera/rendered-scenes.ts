// The test camera's scenes: SVG pictures of a moment. The same scene, seed and moment give the same picture.

import { seededRandom } from '../../core/random.ts';
import { escapeXml } from '../drawing/svg.ts';
import {
  at,
  bottle,
  car,
  clockFace,
  cup,
  keyboard,
  mouse,
  note,
  person,
  screen,
  stopSign,
  trafficLight,
} from './drawn-things.ts';
import type { SceneName } from './source.ts';

export const SCENE_SIZE = { width: 960, height: 540 };

export interface Moment {
  /** Seconds since the camera began. */
  elapsed: number;
  /** Wall-clock milliseconds: what clocks and signs show, in UTC. */
  wall: number;
}

/** A scene as SVG of `SCENE_SIZE`. */
export function sceneSvg(scene: SceneName, seed: number, name: string, moment: Moment): string {
  const { width, height } = SCENE_SIZE;
  const content = scene === 'street' ? street(seed, name, moment) : desk(seed, name, moment);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
}

const COLOURS = ['#a81f24', '#1f4fa8', '#d8dadd', '#2b6b3f', '#22252b'];
const LIGHTS = ['red', 'red', 'green', 'green', 'amber'] as const;

function street(seed: number, name: string, { elapsed, wall }: Moment): string {
  const random = seededRandom(seed);
  const pick = (values: readonly string[]): string => values[random.below(values.length)]!;
  const walls = ['#a88f7a', '#8c8f97', '#b7a48c', '#9aa08c'];
  const houses = [0, 330, 590].map((x, i) => {
    const width = [330, 260, 370][i]!;
    const top = 60 + random.below(80);
    const windows = Array.from(
      { length: Math.floor(width / 80) },
      (_, k) => `<rect x="${x + 24 + k * 76}" y="${top + 26}" width="38" height="56" fill="#3c4a5a"/>`,
    );
    return `<rect x="${x}" y="${top}" width="${width}" height="${350 - top}" fill="${pick(walls)}"/>${windows.join('')}`;
  });
  const dashes = [40, 240, 440, 640, 840].map((x) => `<rect x="${x}" y="470" width="90" height="8" fill="#e8e6da"/>`);
  const date = new Date(wall);
  // The car crosses every 16 s, the person walks to and fro in 40 s.
  const carX = ((elapsed / 16 + random.next()) % 1) * 1500 - 420;
  const walk = (elapsed / 40 + random.next()) % 1;
  const personX = 60 + 420 * (walk < 0.5 ? 2 * walk : 2 - 2 * walk);
  const light = LIGHTS[Math.floor(elapsed / 3) % LIGHTS.length]!;
  return `<defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="#7fa8d0"/><stop offset="1" stop-color="#dfe9f0"/></linearGradient></defs>
    <rect width="960" height="540" fill="url(#sky)"/>${houses.join('')}
    <rect y="340" width="960" height="40" fill="#b5b2aa"/><rect y="376" width="960" height="164" fill="#57595d"/>${dashes.join('')}
    ${at(470, 128, 1.15, clockFace(date.getUTCHours(), date.getUTCMinutes()))}
    ${at(590, 190, 0.7, trafficLight(light))}${at(810, 200, 0.85, stopSign())}
    ${at(personX, 195, 1.1, person(pick(COLOURS), Math.sin(elapsed * 5)))}
    ${at(carX, 385, 0.95, car(pick(COLOURS)))}${sign(name, wall)}`;
}

function desk(seed: number, name: string, { elapsed, wall }: Moment): string {
  const random = seededRandom(seed);
  const wallColour = ['#d8d2c6', '#e4dfd2', '#dcd0c8'][random.below(3)]!;
  const cupColour = ['#f4f4f2', '#c8412f', '#2f6fc8'][random.below(3)]!;
  const cupX = 770 + 40 * Math.sin(elapsed / 4 + random.next() * 6);
  const date = new Date(wall);
  const time = date.toISOString().slice(11, 19);
  return `<rect width="960" height="540" fill="${wallColour}"/><rect y="360" width="960" height="180" fill="#9a7148"/>
    ${at(110, 130, 1.5, clockFace(date.getUTCHours(), date.getUTCMinutes()))}
    ${at(320, 150, 0.85, screen())}${at(290, 400, 1, keyboard())}${at(640, 420, 1, mouse())}${at(140, 250, 1.1, bottle())}${at(720, 70, 0.8, note('STATUS OK', time))}
    ${at(cupX, 330, 0.9, cup(cupColour))}${sign(name, wall)}`;
}

/** The camera's name and the time, to be read by people and by character recognition. */
function sign(name: string, wall: number): string {
  const text = escapeXml(`${name}  ${new Date(wall).toISOString().slice(0, 19).replace('T', ' ')}`);
  return `<rect x="12" y="12" width="${24 + text.length * 13.2}" height="38" fill="#fff" stroke="#111" stroke-width="2"/>
    <text x="24" y="39" font-family="DejaVu Sans Mono, monospace" font-size="22" fill="#111">${text}</text>`;
}
