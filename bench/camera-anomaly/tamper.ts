// Disturbances told and false alarms, counted on made recordings.

import type { TamperKind } from '../../vision/anomaly/judge.ts';
import { DISTURBANCES, type Disturbance } from '../../vision/anomaly/judge.ts';
import { TamperWatch } from '../../vision/anomaly/tamper-watch.ts';
import { readWorkingPicture } from '../../vision/anomaly/working-picture.ts';
import type { Part, Places } from './places.ts';
import { type RecordingPlan, record } from './recording.ts';

/** Seconds after the onset within which a disturbance must be told. */
const WITHIN = 20;
const SEEDS: Record<Part, number> = { tuning: 1_000, scoring: 900_000 };
const ONSETS = [0, 2, 8];

export interface TamperScoring {
  places: Places;
  part: Part;
  /** Default: all. */
  kinds?: readonly string[];
  /** For each kind and onset. */
  recordings: number;
  /** Of healthy recordings, all together. */
  hours: number;
  print: (line: Record<string, unknown>) => void;
  told: (text: string) => void;
}

export async function scoreTamper(scoring: TamperScoring): Promise<void> {
  const { part, places, recordings, hours, print, told } = scoring;
  let seed = SEEDS[part];
  const named = new Map<TamperKind, { right: number; wrong: number }>();
  let early = 0;
  for (const kind of DISTURBANCES.filter((one) => scoring.kinds === undefined || scoring.kinds.includes(one))) {
    let [found, right, all] = [0, 0, 0];
    const delays: number[] = [];
    for (let i = 0; i < recordings; i++) {
      for (const onset of kind === 'frozen' || kind === 'signal-lost' ? [0] : ONSETS) {
        seed++;
        const plan = disturbedPlan(seed, kind, onset);
        const result = await watch(plan, places);
        all++;
        if (result.alarmBefore !== undefined) early++;
        const inTime = result.at !== undefined && result.at <= onset + WITHIN;
        if (inTime) {
          found++;
          delays.push(result.at! - onset);
          const count = named.get(result.kind!) ?? { right: 0, wrong: 0 };
          named.set(result.kind!, count);
          if (result.kind === kind) {
            right++;
            count.right++;
          } else count.wrong++;
        }
        if (!inTime || result.kind !== kind || result.alarmBefore !== undefined) {
          told(`${kind} seed ${seed} place ${plan.place} onset ${onset}: ${JSON.stringify(result)}`);
        }
      }
    }
    delays.sort((a, b) => a - b);
    print({ case: kind, metric: 'recall', value: found / all, unit: `of ${all}`, target: 0.95 });
    print({ case: kind, metric: 'named rightly', value: right / Math.max(1, found), unit: `of ${found}` });
    print({ case: kind, metric: 'told after the onset, p50', value: delays[delays.length >> 1] ?? null, unit: 's' });
  }
  for (const [kind, { right, wrong }] of named) {
    print({ case: kind, metric: 'precision of the name', value: right / (right + wrong), unit: `of ${right + wrong}` });
  }
  print({ case: 'disturbed recordings', metric: 'alarms before the disturbance', value: early, unit: 'alarms' });
  await scoreHealthy({ ...scoring, seed: seed + 1 }, hours);
}

async function scoreHealthy(scoring: TamperScoring & { seed: number }, hours: number): Promise<void> {
  const { places, print, told } = scoring;
  const frames = 900;
  const count = Math.max(1, Math.round((hours * 3600) / frames));
  let alarms = 0;
  let events = 0;
  for (let i = 0; i < count; i++) {
    const seed = scoring.seed + i;
    // Rendered at the working size's scale: what matters here are many hours.
    const plan: RecordingPlan = {
      seed,
      place: i,
      frames,
      framesPerSecond: 1,
      width: 240,
      height: 180,
      eventsPerHour: 80,
    };
    events += (plan.eventsPerHour * frames) / 3600;
    const watcher = new TamperWatch({ pace: 'video' });
    let before: TamperKind = 'clear';
    let frame = 0;
    for await (const { jpeg, events: names } of record(plan, places)) {
      const { kind, evidence } = watcher.look(await pictureOf(jpeg, frame, 1));
      if (kind !== 'clear' && before === 'clear') {
        alarms++;
        told(
          `healthy seed ${seed} place ${i} frame ${frame}: ${kind} during ${names.join()} ${JSON.stringify(evidence)}`,
        );
      }
      before = kind;
      frame++;
    }
  }
  const days = (count * frames) / 86_400;
  const about = { case: `healthy recordings, ${(days * 24).toFixed(1)} camera-hours, ${Math.round(events)} events` };
  print({ ...about, metric: 'false alarms', value: alarms, unit: 'alarms' });
  print({ ...about, metric: 'false alarms a camera-day', value: alarms / days, unit: '1/day', target: 1 });
}

export function disturbedPlan(seed: number, kind: Disturbance, onset: number): RecordingPlan {
  return {
    seed,
    place: seed,
    frames: 75,
    framesPerSecond: 1,
    width: 320,
    height: 240,
    eventsPerHour: 120,
    disturbance: { kind, from: 25 + (seed % 15), onset },
  };
}

interface Watched {
  alarmBefore?: TamperKind;
  kind?: TamperKind;
  /** Seconds after the disturbance began. */
  at?: number;
}

async function watch(plan: RecordingPlan, places: Places): Promise<Watched> {
  const watcher = new TamperWatch({ pace: 'video' });
  const watched: Watched = {};
  let frame = 0;
  for await (const { jpeg, disturbed } of record(plan, places)) {
    const { kind } = watcher.look(await pictureOf(jpeg, frame, plan.framesPerSecond));
    if (kind !== 'clear' && !disturbed) watched.alarmBefore ??= kind;
    if (kind !== 'clear' && disturbed) {
      watched.at ??= (frame - plan.disturbance!.from) / plan.framesPerSecond;
      // The name counts that is told once the disturbance is whole and some time has passed.
      if (frame <= plan.disturbance!.from + (plan.disturbance!.onset + WITHIN) * plan.framesPerSecond)
        watched.kind = kind;
    }
    frame++;
  }
  return watched;
}

async function pictureOf(
  jpeg: Uint8Array,
  frame: number,
  framesPerSecond: number,
): Promise<{ pixels: Uint8Array; now: number; wall: number }> {
  const now = (frame * 1000) / framesPerSecond;
  return { pixels: await readWorkingPicture(jpeg), now, wall: 1.7e12 + now };
}
