// Unusual scenes told from usual ones, on made recordings: the same kind of passers-by go the same way all the time;
// then something comes that was never there.

import { seededRandom } from '../../core/random.ts';
import { UnusualScene } from '../../vision/anomaly/unusual-scene.ts';
import { readWorkingPicture } from '../../vision/anomaly/working-picture.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import { type Canvas, cut, light, Noise, newCanvas, paste } from './canvas.ts';
import type { Cutout, Part, Places } from './places.ts';

const WIDTH = 240;
const HEIGHT = 180;
/** Frames: learned from, healthy afterwards, unusual. One a second. */
const LEARN = 240;
const HEALTHY = 240;
const UNUSUAL = 10;
const EPISODES = 4;

export interface SceneScoring {
  places: Places;
  part: Part;
  recordings: number;
  print: (line: Record<string, unknown>) => void;
}

/** Prints AUROC by picture, and precision and recall by episode. */
export async function scoreScenes({ places, part, recordings, print }: SceneScoring): Promise<void> {
  const scores: { likelihood: number; unusual: boolean }[] = [];
  let [found, told, episodes] = [0, 0, 0];
  for (let i = 0; i < recordings; i++) {
    const seed = (part === 'tuning' ? 50_000 : 800_000) + i;
    const outcome = await watch(seed, places);
    scores.push(...outcome.scores);
    found += outcome.found;
    told += outcome.falselyTold;
    episodes += EPISODES;
  }
  const about = { case: `unusual scenes, ${recordings} recordings` };
  print({ ...about, metric: 'area under the ROC, by picture', value: areaUnder(scores), unit: '' });
  print({ ...about, metric: 'recall of episodes', value: found / episodes, unit: `of ${episodes}` });
  print({
    ...about,
    metric: 'precision of episodes',
    value: found / Math.max(1, found + told),
    unit: `of ${found + told}`,
  });
  const hours = (recordings * EPISODES * HEALTHY) / EPISODES / 3600;
  print({ ...about, metric: 'false alarms an hour', value: told / hours, unit: '1/h' });
}

async function watch(
  seed: number,
  places: Places,
): Promise<{ scores: { likelihood: number; unusual: boolean }[]; found: number; falselyTold: number }> {
  const random = seededRandom(seed);
  const place = await places.place(seed, WIDTH, HEIGHT);
  const noise = new Noise(random);
  const sharp = await loadSharp();
  // Four who pass here all the time, on their lanes.
  const passers = await Promise.all([0, 1, 2, 3].map(() => places.passer(random, 30 + random.below(40))));
  const lanes = passers.map(() => HEIGHT * (0.5 + 0.4 * random.next()));
  const scene = new UnusualScene();
  const canvas = newCanvas(WIDTH, HEIGHT);
  const scores: { likelihood: number; unusual: boolean }[] = [];
  let [found, falselyTold, now, before] = [0, 0, 0, false];
  let exposure = 1;
  const look = async (strange: ((canvas: Canvas) => void) | undefined): Promise<boolean> => {
    const frame = now++;
    exposure = Math.max(0.7, Math.min(1.3, exposure + (random.next() - 0.5) * 0.03));
    cut(place, canvas, (place.width - WIDTH) / 2, (place.height - HEIGHT) / 2);
    passers.forEach(({ canvas: body, alpha }, i) => {
      const along = ((frame + 17 * i) % (23 + 4 * i)) / 9;
      if (along < 1)
        paste(
          canvas,
          body,
          Math.round(along * (WIDTH + body.width)) - body.width,
          Math.round(lanes[i]! - body.height),
          alpha,
        );
    });
    strange?.(canvas);
    light(canvas, (x) => exposure * (1 - 0.2 * Math.max(0, Math.sin(frame / 40 + 2 * x))));
    noise.add(canvas, 3, random);
    const jpeg = await sharp(canvas.pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
      .jpeg({ quality: 80 })
      .toBuffer();
    const { likelihood, unusual } = scene.look({ pixels: await readWorkingPicture(jpeg), now: frame * 1000 });
    if (frame >= LEARN) scores.push({ likelihood, unusual: strange !== undefined });
    return unusual;
  };
  for (let frame = 0; frame < LEARN; frame++) await look(undefined);
  for (let episode = 0; episode < EPISODES; episode++) {
    for (let frame = 0; frame < HEALTHY / EPISODES; frame++) {
      const unusual = await look(undefined);
      // What an episode leaves behind is no new alarm.
      if (unusual && !before && frame > 3) falselyTold++;
      before = unusual;
    }
    const strange = await strangeThing(places, random);
    let seen = false;
    for (let frame = 0; frame < UNUSUAL; frame++) seen = (await look(strange)) || seen;
    if (seen) found++;
    before = seen;
  }
  return { scores, found, falselyTold };
}

/** Somebody or something large where nobody goes, smoke, or water over the ground. */
async function strangeThing(
  places: Places,
  random: ReturnType<typeof seededRandom>,
): Promise<(canvas: Canvas) => void> {
  const way = random.below(3);
  const [x, y] = [0.2 + 0.6 * random.next(), 0.15 + 0.3 * random.next()];
  if (way === 0) {
    const thing: Cutout = await places.passer(random, 60 + random.below(40));
    return (canvas) =>
      paste(canvas, thing.canvas, Math.round(x * (WIDTH - thing.canvas.width)), Math.round(y * 60), thing.alpha);
  }
  if (way === 1) {
    const thick = (px: number, py: number): number =>
      Math.min(0.85, 1.6 * Math.exp(-((px - x) ** 2 + (py - y) ** 2) / 0.03));
    return (canvas) =>
      light(
        canvas,
        (px, py) => 1 - thick(px, py),
        (px, py) => 190 * thick(px, py),
      );
  }
  const water = (py: number): number => (py > 0.7 ? 0.8 : 0);
  return (canvas) =>
    light(
      canvas,
      (_x, py) => 1 - water(py),
      (_x, py) => 90 * water(py),
    );
}

/** Share of pairs of an unusual and a usual picture in which the unusual one has the higher likelihood; ties count half. */
function areaUnder(scores: readonly { likelihood: number; unusual: boolean }[]): number {
  const sorted = [...scores].sort((a, b) => a.likelihood - b.likelihood);
  const positive = sorted.filter(({ unusual }) => unusual).length;
  let [area, below] = [0, 0];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    let [up, down] = [0, 0];
    while (end < sorted.length && sorted[end]!.likelihood === sorted[i]!.likelihood) {
      if (sorted[end++]!.unusual) up++;
      else down++;
    }
    area += up * (below + down / 2);
    below += down;
    i = end;
  }
  return area / (positive * (sorted.length - positive));
}
