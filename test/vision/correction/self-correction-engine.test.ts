// The engine: concludes once all witnesses had their say, climbs the ladder until what was wrong is gone, and stops where
// the same thing comes back again and again.

import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import type { Correction } from '../../../vision/correction/correction.ts';
import { SelfCorrectionEngine } from '../../../vision/correction/self-correction-engine.ts';
import type { Symptom } from '../../../vision/correction/symptom.ts';

let clock: VirtualClock;
let done: Correction[];
let refuse: (correction: Correction) => string | undefined;
let story: JournalEntry[];
let looks: string[];
let engine: SelfCorrectionEngine;

beforeEach(async () => {
  clock = new VirtualClock();
  [done, story, looks] = [[], [], []];
  refuse = () => undefined;
  let numbered = 0;
  engine = new SelfCorrectionEngine({
    ...{ clock, journal: { record: (entry) => void story.push(entry) }, newId: () => `e${++numbered}` },
    planner: {
      canDo: () => true,
      carryOut: async (correction) => {
        const why = refuse(correction);
        if (why !== undefined) throw new Error(why);
        done.push(correction);
        return `did ${correction.action}`;
      },
    },
    keepPicture: async (camera, episode, when) => `/${camera}/${episode}/${when}`,
    lookAgain: (camera) => looks.push(camera),
  });
  await engine.start(new AbortController().signal);
});

/** Lets time pass, and all that waits for promises with it. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const report = (kind: Symptom['kind'], subject: string, more: Partial<Symptom> = {}): void =>
  engine.report({
    ...{ id: `${kind} ${subject}`, kind, subject, witness: 'agents', message: `${subject} has ${kind}` },
    ...{ since: clock.now(), confidence: 0.8, evidence: {} },
    ...more,
  });
const display = { witness: 'vision', place: { camera: 'rack', name: 'screen' } } as const;
const newest = () => engine.episodes()[0]!;
const steps = () => newest().steps.map(({ correction, outcome }) => [correction.action, outcome]);

describe('the engine', () => {
  it('waits for all witnesses, corrects, looks again, and keeps the story with pictures before and after', async () => {
    report('display-fault', 'agent/pump', display);
    await pass(3_000);
    report('agent-failed', 'agent/pump');
    await pass(3_500);
    expect(engine.episodes()).toEqual([]);
    await pass(1_000);
    expect(done).toMatchObject([{ action: 'agent.restart', agent: 'pump' }]);
    expect(looks).toEqual(['rack']);
    expect(newest().symptoms.map(({ witness }) => witness)).toEqual(['vision', 'agents']);
    engine.gone('agent-failed agent/pump');
    expect(newest().state).toBe('correcting');
    engine.gone('display-fault agent/pump');
    await pass(500);
    expect(newest()).toMatchObject({
      ...{
        state: 'over',
        outcome: 'gone after: restart agent pump',
        before: '/rack/e1/before',
        after: '/rack/e1/after',
      },
    });
    expect(steps()).toEqual([['agent.restart', 'helped']]);
    expect(story.map(({ kind }) => kind)).toEqual(['correction.concluded', 'correction.done', 'correction.over']);
  });

  it('takes the next step when one has no effect or is refused, and asks a person in the end', async () => {
    refuse = ({ action }) => (action === 'link.reset' ? 'not allowed' : undefined);
    engine.seen('place/rack/lamp', 'node/pi-3', true);
    report('node-silent', 'node/pi-3');
    report('agent-failed', 'agent/pump');
    await pass(5_000);
    const [agent, node] = [...engine.episodes()];
    expect(node!.steps.map(({ correction, outcome }) => [correction.action, outcome])).toEqual([
      ['link.reset', 'not-done'],
      ['operator.ask', 'pending'],
    ]);
    expect(node!.state).toBe('asked');
    expect(agent!.steps).toHaveLength(1);
    await pass(30_000);
    expect(steps()).toEqual([
      ['agent.restart', 'no-effect'],
      ['operator.ask', 'pending'],
    ]);
    await pass(3_600_000);
    expect(steps()).toHaveLength(2);
  });

  it('only asks when the same cause comes back a fourth time within half an hour', async () => {
    for (let time = 0; time < 4; time++) {
      report('agent-failed', 'agent/pump');
      await pass(5_000);
      engine.gone('agent-failed agent/pump');
      await pass(5_000);
    }
    expect(done.map(({ action }) => action)).toEqual([
      'agent.restart',
      'agent.restart',
      'agent.restart',
      'operator.ask',
    ]);
  });

  it('lets a better cause take the place of one that it contains', async () => {
    report('lamp-off', 'node/pi-3', { ...display, id: 'place/rack/lamp' });
    await pass(5_000);
    expect(newest().cause).toBe('node/pi-3 has lamp-off');
    report('node-silent', 'node/pi-3');
    await pass(5_000);
    expect(engine.episodes().map(({ cause, state }) => [cause, state])).toEqual([
      ['pi-3 has no power', 'asked'],
      ['node/pi-3 has lamp-off', 'over'],
    ]);
  });

  it('forgets a symptom that is gone before anything was concluded, and does nothing once stopped', async () => {
    report('agent-failed', 'agent/pump');
    engine.gone('agent-failed agent/pump');
    await pass(10_000);
    report('agent-failed', 'agent/pump');
    await engine.stop();
    await pass(10_000);
    expect(engine.episodes()).toEqual([]);
    expect(done).toEqual([]);
  });
});
