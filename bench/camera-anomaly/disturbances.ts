// What is done to a camera in the made recordings. Each comes in several ways, drawn by the recording's seed.

import type { Random } from '../../core/random.ts';
import type { Disturbance } from '../../vision/anomaly/judge.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import { type Canvas, light, newCanvas, paste } from './canvas.ts';
import { MARGIN, type Places } from './places.ts';

export interface Disturber {
  /** Where the camera looks; `amount` rises from 0 to 1. */
  view?(amount: number): { x: number; y: number; turn: number; zoom: number; place: Canvas };
  /** Done to the light that falls on the sensor. */
  before?(canvas: Canvas, amount: number): void;
  /** Done to the signal, after the sensor's noise. */
  after?(canvas: Canvas, amount: number): void;
  noiseless?: boolean;
}

interface Scene {
  plan: { width: number; height: number; place: number };
  place: Canvas;
  places: Places;
  random: Random;
}

export async function disturber(kind: Disturbance, scene: Scene): Promise<Disturber> {
  switch (kind) {
    case 'covered':
      return covered(scene);
    case 'sprayed':
      return sprayed(scene);
    case 'moved':
      return moved(scene);
    case 'defocused':
      return defocused(scene);
    case 'blinded':
      return blinded(scene);
    case 'frozen':
      return {};
    case 'dark':
      return dark(scene);
    case 'signal-lost':
      return signalLost(scene);
  }
}

/** A cap, a bag, a cloth or a hand: black, plain with a shade, or a blurred pattern. */
async function covered({ plan, places, random }: Scene): Promise<Disturber> {
  const { width, height } = plan;
  const sheet = newCanvas(width, height);
  const way = random.below(3);
  if (way === 2) {
    const cloth = await blurred(await places.place(plan.place + 17, width, height), width / 16);
    for (let i = 0; i < sheet.pixels.length; i++) sheet.pixels[i] = 30 + cloth.pixels[i]! * 0.5;
  } else {
    const level = way === 0 ? 2 + random.below(12) : 30 + random.below(150);
    const tint = [0, 0, 0].map(() => (way === 0 ? 0 : random.below(30)));
    for (let at = 0; at < sheet.pixels.length; at++) sheet.pixels[at] = level + tint[at % 3]!;
    if (way === 1) light(sheet, (x, y) => 0.8 + 0.4 * (x + y) * 0.5);
  }
  const fromLeft = random.next() < 0.5;
  return {
    before(canvas, amount) {
      // It is drawn over the view from one side.
      const reach = Math.round(width * amount);
      const alpha = new Uint8Array(width * height).map((_, i) => {
        const x = i % width;
        return (fromLeft ? x < reach : x >= width - reach) ? 255 : 0;
      });
      paste(canvas, sheet, 0, 0, alpha);
    },
  };
}

/** Paint in one or several blots with soft edges, over a fifth to most of the view. */
function sprayed({ plan, random }: Scene): Disturber {
  const { width, height } = plan;
  const colour = [random.below(256), random.below(256), random.below(256)];
  const blots = Array.from({ length: 1 + random.below(5) }, () => ({
    x: 0.15 + 0.7 * random.next(),
    y: 0.15 + 0.7 * random.next(),
    size: 0.2 + 0.2 * random.next(),
  }));
  const paint = newCanvas(width, height);
  for (let at = 0; at < paint.pixels.length; at++) paint.pixels[at] = colour[at % 3]!;
  return {
    before(canvas, amount) {
      const alpha = new Uint8Array(width * height);
      for (let y = 0, i = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i++) {
          let thick = 0;
          for (const blot of blots) {
            const far = Math.hypot(x / width - blot.x, (y / height - blot.y) * 0.75) / (blot.size * amount);
            thick = Math.max(thick, Math.min(1, (1 - far) * 6));
          }
          alpha[i] = 250 * Math.max(0, thick);
        }
      }
      paste(canvas, paint, 0, 0, alpha);
    },
  };
}

/** Pushed aside, turned around its axis, or turned to another view. */
async function moved({ plan, place, places, random }: Scene): Promise<Disturber> {
  const way = random.below(3);
  const [spareX, spareY] = [(plan.width * (MARGIN - 1)) / 2, (plan.height * (MARGIN - 1)) / 2];
  const direction = random.next() * 2 * Math.PI;
  const far = 0.3 + 0.7 * random.next();
  const other = way === 2 ? await places.place(plan.place + 29, plan.width, plan.height) : place;
  const turn = (random.next() < 0.5 ? -1 : 1) * (0.15 + 0.4 * random.next());
  return {
    view(amount) {
      if (way === 2) return { x: 0, y: 0, turn: 0, zoom: 1, place: amount > 0.5 ? other : place };
      if (way === 1) return { x: 0, y: 0, turn: turn * amount, zoom: 1, place };
      return {
        x: Math.cos(direction) * far * spareX * amount,
        y: Math.sin(direction) * far * spareY * amount,
        turn: 0,
        zoom: 1,
        place,
      };
    },
  };
}

async function defocused({ plan, place, random }: Scene): Promise<Disturber> {
  const most = (plan.width / 320) * (2.2 + 4 * random.next());
  // Steps of blur, worked out once.
  const steps = await Promise.all([0.25, 0.5, 0.75, 1].map((part) => blurred(place, most * part)));
  return {
    view: (amount) => ({
      x: 0,
      y: 0,
      turn: 0,
      zoom: 1,
      place: amount === 0 ? place : steps[Math.ceil(amount * 4) - 1]!,
    }),
  };
}

/** A torch, a laser, the low sun: white from one point, or all over. */
function blinded({ random }: Scene): Disturber {
  const [x0, y0] = [0.3 + 0.4 * random.next(), 0.3 + 0.4 * random.next()];
  const point = random.next() < 0.6;
  const wide = 0.12 + 0.2 * random.next();
  return {
    before(canvas, amount) {
      if (point) {
        // The exposure goes down, the rest of the view with it.
        light(
          canvas,
          () => 1 - 0.8 * amount,
          (x, y) => 700 * amount * Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / wide),
        );
      } else
        light(
          canvas,
          () => 1 + 5 * amount,
          () => 120 * amount,
        );
    },
  };
}

/** Night without a lamp, or the light goes out and hardly a remnant is left. */
function dark({ random }: Scene): Disturber {
  const left = 0.015 + 0.05 * random.next();
  return { before: (canvas, amount) => light(canvas, () => left ** amount) };
}

async function signalLost({ plan, random }: Scene): Promise<Disturber> {
  const { width, height } = plan;
  const ground = ['#0000d8', '#000', '#1030c0', '#000'][random.below(4)]!;
  const bars = ['#c0c0c0', '#c0c000', '#00c0c0', '#00c000', '#c000c0', '#c00000', '#0000c0']
    .map((colour, i) => `<rect x="${(i * width) / 7}" width="${width / 7 + 1}" height="${height}" fill="${colour}"/>`)
    .join('');
  const text =
    random.next() < 0.7
      ? `<text x="${width / 2}" y="${height / 2}" font-size="${height / 9}" font-family="DejaVu Sans" fill="#fff" text-anchor="middle">NO SIGNAL</text>`
      : '';
  const content = random.next() < 0.3 ? bars : `<rect width="${width}" height="${height}" fill="${ground}"/>${text}`;
  const sharp = await loadSharp();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
  const picture: Canvas = { width, height, pixels: await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer() };
  const snow = random.next() < 0.15;
  return {
    noiseless: true,
    after(canvas) {
      if (!snow) canvas.pixels.set(picture.pixels);
      else for (let at = 0; at < canvas.pixels.length; at += 3) canvas.pixels.fill(random.below(256), at, at + 3);
    },
  };
}

async function blurred(canvas: Canvas, deviation: number): Promise<Canvas> {
  const sharp = await loadSharp();
  const { width, height } = canvas;
  const pixels = await sharp(canvas.pixels, { raw: { width, height, channels: 3 } })
    .blur(Math.max(0.4, deviation))
    .raw()
    .toBuffer();
  return { width, height, pixels };
}
