// How often the self-correction finds the right cause, how soon, how often it corrects, and how often it cries wolf: drawn
// cabinets before the real places and engine, on virtual time. Loads and clocks do not matter.
//
//   npm run -s bench -- correction --json [--episodes 20] [--healthy-minutes 60] [--seed 1]

import { parseArgs } from 'node:util';
import { VirtualClock } from '../../core/clock.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import type { Correction } from '../../vision/correction/correction.ts';
import { LOOK_SIDE, lookOf, type TaughtState } from '../../vision/correction/look.ts';
import { areaOf, boxAround, PlaceWatch } from '../../vision/correction/place-watch.ts';
import { type Episode, SelfCorrectionEngine } from '../../vision/correction/self-correction-engine.ts';
import type { Symptom } from '../../vision/correction/symptom.ts';
import { Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { cabinetOf, draw, type SceneState, zonesOf } from './scene.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    episodes: { type: 'string', default: '20' },
    'healthy-minutes': { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const report = new Report('correction');
/** Milliseconds between two pictures. */
const PERIOD = 500;
const CALM: SceneState = { lamp: 'green', gate: 'closed', light: 1, hidden: false };

/** One camera before one cabinet, its places, and the engine behind them. */
async function stage(random: Random) {
  const clock = new VirtualClock();
  const cabinet = cabinetOf(random);
  const zones = zonesOf(cabinet);
  const done: Correction[] = [];
  const cured = new Set<string>();
  const ended: Episode[] = [];
  let numbered = 0;
  const engine = new SelfCorrectionEngine({
    ...{ clock, journal: { record: () => {} }, newId: () => `e${++numbered}` },
    planner: {
      canDo: () => true,
      carryOut: async (correction) => {
        done.push(correction);
        cured.add(correction.action);
        return 'done';
      },
    },
    keepPicture: async () => undefined,
    lookAgain: () => places.hurry(),
  });
  const lookAt = async (state: Partial<SceneState>) =>
    lookOf(await areaOf(await draw(cabinet, { ...CALM, ...state }, random), boxAround(zones.gate), LOOK_SIDE, false))!;
  const taught: TaughtState[] = [
    { state: 'closed', looks: [await lookAt({}), await lookAt({ light: 0.4 })] },
    { state: 'open', looks: [await lookAt({ gate: 'open' }), await lookAt({ gate: 'open', light: 0.4 })] },
  ];
  const places = new PlaceWatch({
    ...{ camera: 'rack', clock, taught: () => taught },
    places: [
      { name: 'power', kind: 'led', zone: 'lamp', about: 'node/pi-3', colours: ['green'] },
      { name: 'gate', kind: 'look', zone: 'gate', well: ['closed'] },
    ],
    zones: [
      { name: 'lamp', points: zones.lamp },
      { name: 'gate', points: zones.gate },
    ],
    report: (symptom) => engine.report(symptom),
    gone: (id) => engine.gone(id),
    seen: (place, subject, isWell) => engine.seen(place, subject, isWell),
  });
  await engine.start(new AbortController().signal);
  engine.on('episode', (episode) => ended.push(episode));
  const show = async (seconds: number, stateAt: (second: number) => Partial<SceneState>): Promise<void> => {
    for (let at = 0; at < (seconds * 1000) / PERIOD; at++) {
      clock.advance(PERIOD);
      if (places.isDue(clock.now()))
        await places.look(await draw(cabinet, { ...CALM, ...stateAt((at * PERIOD) / 1000) }, random));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const say = (kind: Symptom['kind'], subject: string): void =>
    engine.report({
      ...{
        id: `${kind} ${subject}`,
        kind,
        subject,
        witness: 'mesh',
        message: `${subject}: ${kind}`,
        since: clock.now(),
      },
      ...{ confidence: 0.9, evidence: {} },
    });
  return { clock, engine, show, say, cured };
}

interface Kind {
  /** The beginning of the right cause's id, as its sentence tells it. */
  cause: RegExp;
  state: Partial<SceneState>;
  /** What others say, some seconds after. */
  says: [Symptom['kind'], string][];
  /** What mends it. */
  curedBy?: Correction['action'];
}

const KINDS: Record<string, Kind> = {
  'power lost': { cause: /^pi-3 has no power$/, state: { lamp: 'off' }, says: [['node-silent', 'node/pi-3']] },
  'network lost': {
    ...{ cause: /^pi-3 has power/, state: {}, says: [['node-silent', 'node/pi-3']] },
    curedBy: 'link.reset',
  },
  'lamp turns red': { cause: /power of pi-3 is red/, state: { lamp: 'red' }, says: [] },
  'gate opened': { cause: /gate is open/, state: { gate: 'open' }, says: [] },
};

for (const [name, { cause, state, says, curedBy }] of Object.entries(KINDS)) {
  const seconds: number[] = [];
  let [right, wrong, over] = [0, 0, 0];
  for (let number = 0; number < Number(values.episodes); number++) {
    const random = seededRandom(Number(values.seed) * 1000 + number);
    const { clock, engine, show, say, cured } = await stage(random);
    const light = 0.3 + 0.7 * random.next();
    await show(14, () => ({ light }));
    const began = clock.now();
    let isTold = false;
    const wall = clock.wall() - began;
    for (let step = 0; step < 60; step++) {
      if (!isTold && step === 2) {
        for (const [kind, subject] of says) say(kind, subject);
        isTold = true;
      }
      const isCured = curedBy !== undefined && cured.has(curedBy);
      if (isCured) for (const [kind, subject] of says) engine.gone(`${kind} ${subject}`);
      // Somebody mends it by hand after 40 s where no action can.
      await show(1, () => ({ light, ...(isCured || step >= 40 ? {} : state) }));
      if (step === 40 && curedBy === undefined) for (const [kind, subject] of says) engine.gone(`${kind} ${subject}`);
    }
    const episodes = engine.episodes();
    const found = episodes.find((episode) => cause.test(episode.cause));
    if (found !== undefined) {
      right++;
      seconds.push((found.openedAt - wall - began) / 1000);
      if (found.state === 'over') over++;
    }
    wrong += episodes.filter((episode) => !cause.test(episode.cause)).length;
    await engine.stop();
  }
  const tell = (metric: string, value: number, unit: string): void =>
    report.tell('parlmesh', { case: name, metric, value, unit });
  tell('right cause', right / Number(values.episodes), '1');
  tell('over at the end', over / Number(values.episodes), '1');
  tell('causes besides', wrong / Number(values.episodes), '1');
  if (seconds.length > 0) tell('seconds to the cause, p50', percentile(seconds, 50), 's');
}

const minutes = Number(values['healthy-minutes']);
let alarms = 0;
for (let part = 0; part < minutes / 10; part++) {
  const random = seededRandom(Number(values.seed) * 77_000 + part);
  const { engine, show } = await stage(random);
  // The light comes and goes, and somebody stands before the camera for up to three seconds a minute.
  await show(600, (second) => ({
    light: 0.65 + 0.35 * Math.sin(second / 40),
    hidden: second % 60 < part % 4,
  }));
  alarms += engine.episodes().length;
  await engine.stop();
}
report.tell('parlmesh', {
  case: 'all is well',
  metric: 'false causes an hour',
  value: (alarms * 60) / minutes,
  unit: '1/h',
});
