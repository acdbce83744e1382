// A made recording of one camera: a place with noise, sway, exposure that drifts and hunts, clouds, lamps, headlights,
// rain, people and lorries that pass, JPEG; and, where wanted, one disturbance from a known moment on.

import { type Random, seededRandom } from '../../core/random.ts';
import type { Disturbance } from '../../vision/anomaly/judge.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import { type Canvas, cut, infrared, light, Noise, newCanvas, paste } from './canvas.ts';
import { type Disturber, disturber } from './disturbances.ts';
import type { Cutout, Places } from './places.ts';

export interface RecordingPlan {
  seed: number;
  place: number;
  frames: number;
  framesPerSecond: number;
  width: number;
  height: number;
  disturbance?: { kind: Disturbance; from: number; onset: number };
  /** Healthy events in an hour. */
  eventsPerHour: number;
}

export interface RecordedFrame {
  jpeg: Uint8Array;
  disturbed: boolean;
  /** Names of what goes on. */
  events: string[];
}

interface Event {
  name: EventName;
  from: number;
  until: number;
  strength: number;
  x: number;
  y: number;
  passer?: Cutout;
}

export const EVENTS = [
  'cloud',
  'lamp',
  'headlights',
  'rain',
  'person',
  'lorry',
  'hunting',
  'compression',
  'infrared',
  'dusk',
] as const;
type EventName = (typeof EVENTS)[number];

/** Seconds that an event lasts: at least, and at most more. */
const LASTS: Record<EventName, readonly [number, number]> = {
  cloud: [20, 120],
  lamp: [20, 300],
  headlights: [2, 6],
  rain: [30, 300],
  person: [5, 30],
  lorry: [2, 7],
  hunting: [10, 30],
  compression: [30, 200],
  infrared: [60, 300],
  dusk: [200, 400],
};

export async function* record(plan: RecordingPlan, places: Places): AsyncGenerator<RecordedFrame> {
  const random = seededRandom(plan.seed);
  const { width, height, framesPerSecond } = plan;
  const place = await places.place(plan.place, width, height);
  const events = await eventsOf(plan, places, random);
  const noise = new Noise(random);
  const deviation = 1.5 + 3 * random.next();
  const sway = random.next() < 0.5 ? 0 : width / 400;
  const quality = 60 + random.below(35);
  const disturb: Disturber | undefined =
    plan.disturbance === undefined
      ? undefined
      : await disturber(plan.disturbance.kind, { plan, place, places, random });
  const sharp = await loadSharp();
  const canvas = newCanvas(width, height);
  const [left, top] = [(place.width - width) / 2, (place.height - height) / 2];
  let exposure = 1;
  let last: Uint8Array | undefined;
  for (let frame = 0; frame < plan.frames; frame++) {
    const at = frame / framesPerSecond;
    const now = events.filter(({ from, until }) => at >= from && at < until);
    const amount = amountOf(plan, frame);
    if (amount > 0 && plan.disturbance!.kind === 'frozen' && last !== undefined) {
      yield { jpeg: last, disturbed: true, events: [] };
      continue;
    }
    exposure = Math.max(0.75, Math.min(1.25, exposure + (random.next() - 0.5) * 0.02));
    const [swayX, swayY] = [sway * Math.sin(at * 0.9), sway * Math.cos(at * 1.3) * 0.5];
    const view = disturb?.view?.(amount) ?? { x: 0, y: 0, turn: 0, zoom: 1, place };
    cut(view.place, canvas, left + swayX + view.x, top + swayY + view.y, view.turn, view.zoom);
    for (const event of now) passBy(canvas, event, at);
    lightUp(canvas, now, at, exposure);
    for (const event of now) if (event.name === 'rain') rain(canvas, event, random);
    // What is done to the camera comes between the scene and its sensor: it does not rain behind a cap.
    if (amount > 0) disturb!.before?.(canvas, amount);
    let grain = deviation;
    if (now.some(({ name }) => name === 'infrared')) {
      infrared(canvas);
      grain *= 1.5;
    }
    if (!(amount > 0 && disturb!.noiseless)) noise.add(canvas, grain, random);
    if (amount > 0) disturb!.after?.(canvas, amount);
    const coarse = now.some(({ name }) => name === 'compression');
    const jpeg = await sharp(canvas.pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: coarse ? 30 : quality })
      .toBuffer();
    last = jpeg;
    yield { jpeg, disturbed: amount > 0, events: now.map(({ name }) => name) };
  }
}

/** 0 before the disturbance, then rising to 1 within its onset. */
function amountOf({ disturbance, framesPerSecond }: RecordingPlan, frame: number): number {
  if (disturbance === undefined || frame < disturbance.from) return 0;
  if (disturbance.onset === 0) return 1;
  return Math.min(1, (frame - disturbance.from + 1) / framesPerSecond / disturbance.onset);
}

async function eventsOf(plan: RecordingPlan, places: Places, random: Random): Promise<Event[]> {
  const seconds = plan.frames / plan.framesPerSecond;
  const count = Math.round((plan.eventsPerHour * seconds) / 3600);
  const events: Event[] = [];
  for (let i = 0; i < count; i++) {
    const drawn = EVENTS[random.below(EVENTS.length)]!;
    // A camera with infrared light of its own does not get dark.
    const name = plan.disturbance?.kind === 'dark' && drawn === 'infrared' ? 'person' : drawn;
    const [least, more] = LASTS[name];
    const lasts = least + more * random.next();
    const from = 8 + random.next() * Math.max(1, seconds - 8);
    const tall = plan.height * (name === 'lorry' ? 0.6 + 0.4 * random.next() : 0.2 + 0.4 * random.next());
    const passes = name === 'person' || name === 'lorry';
    const passer = passes ? await places.passer(random, Math.round(tall)) : undefined;
    events.push({
      name,
      from,
      until: from + lasts,
      strength: random.next(),
      x: random.next(),
      y: random.next(),
      ...(passer !== undefined && { passer }),
    });
  }
  return events;
}

/** Walks or drives through the view once, left to right or back. */
function passBy(canvas: Canvas, { passer, from, until, strength, y }: Event, at: number): void {
  if (passer === undefined) return;
  const done = (at - from) / (until - from);
  const along = strength < 0.5 ? done : 1 - done;
  const left = Math.round(along * (canvas.width + passer.canvas.width) - passer.canvas.width);
  const top = Math.round((canvas.height - passer.canvas.height) * (0.3 + 0.7 * y));
  paste(canvas, passer.canvas, left, top, passer.alpha);
}

function lightUp(canvas: Canvas, events: readonly Event[], at: number, exposure: number): void {
  let gain = exposure;
  // The sun goes down once, clouds shade what is left of it, and several lamps do not give the product of each.
  let [sun, lamps] = [1, 1];
  const fields: ((x: number, y: number) => number)[] = [];
  const clouds: ((x: number, y: number) => number)[] = [];
  const glares: ((x: number, y: number) => number)[] = [];
  for (const { name, from, until, strength, x: ex, y: ey } of events) {
    const done = (at - from) / (until - from);
    if (name === 'cloud') {
      // The shadow's edge goes over the view.
      clouds.push(
        (x, y) =>
          1 - (0.25 + 0.35 * strength) / (1 + Math.exp(-8 * (x * ex + y * ey + 3 * (0.5 - Math.abs(done - 0.5)) - 1))),
      );
    } else if (name === 'lamp') {
      if (strength < 0.5) fields.push((x, y) => 0.75 + 0.9 * Math.exp(-6 * ((x - ex) ** 2 + (y - ey) ** 2)));
      else lamps = Math.min(lamps, 0.35 + 0.5 * (strength - 0.5));
    } else if (name === 'headlights') {
      const [x0, y0] = [ex + (done - 0.5) * 0.5, 0.4 + 0.4 * ey];
      gain *= 0.9;
      for (const side of [-0.06, 0.06]) {
        glares.push((x, y) => 260 * Math.exp(-((x - x0 - side) ** 2 + (y - y0) ** 2) / (0.004 + 0.02 * strength)));
      }
    } else if (name === 'hunting') gain *= 1 + 0.35 * Math.sin(at * (1 + strength)) * Math.exp(-2 * done);
    else if (name === 'dusk') sun = Math.min(sun, 1 - (0.55 + 0.3 * strength) * Math.sin(Math.PI * done));
  }
  gain *= lamps;
  light(
    canvas,
    (x, y) =>
      fields.reduce(
        (value, field) => value * field(x, y),
        gain * clouds.reduce((least, cloud) => Math.min(least, cloud(x, y)), sun),
      ),
    (x, y) => glares.reduce((value, glare) => value + glare(x, y), 0),
  );
}

/** Less contrast, and streaks in other places in every frame. */
function rain(canvas: Canvas, { strength }: Event, random: Random): void {
  const veil = 0.1 + 0.25 * strength;
  light(
    canvas,
    () => 1 - veil,
    () => 128 * veil,
  );
  const streaks = Math.round((40 + 160 * strength) * (canvas.width / 320));
  for (let i = 0; i < streaks; i++) {
    const [x, y] = [random.below(canvas.width), random.below(canvas.height)];
    const length = 4 + random.below(Math.round(canvas.height / 12));
    for (let j = 0; j < length && y + j < canvas.height; j++) {
      const px = x + Math.round(j * 0.2);
      if (px >= canvas.width) break;
      for (let c = 0, to = ((y + j) * canvas.width + px) * 3; c < 3; c++) {
        canvas.pixels[to + c] = Math.min(255, canvas.pixels[to + c]! * 0.7 + 75);
      }
    }
  }
}
