import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTION_NAMES, type ActionName, resourcesOf } from '../../../agents/mapek/action-catalogue.ts';
import { type IncidentView, isOver } from '../../../agents/mapek/incident.ts';
import { FAULTS, type Symptom, symptomKey } from '../../../agents/mapek/symptom.ts';
import { delay } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { Rig, type Script, WORDS } from './rig.ts';

const move = fc.oneof(
  fc.record({
    kind: fc.constant('wrong' as const),
    fault: fc.constantFrom(...FAULTS),
    n: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    kind: fc.constant('well' as const),
    fault: fc.constantFrom(...FAULTS),
    n: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    kind: fc.constant('silent' as const),
    fault: fc.constantFrom(...FAULTS),
    n: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 240 }) }),
);

/** The first has the usual name; faults of the node have only that one. */
const subjectOf = (fault: (typeof FAULTS)[number], n: number): string => {
  const { subject } = WORDS[fault];
  return n === 0 || !subject.includes('/') ? subject : `${subject}${n}`;
};

/** Each action helps, does nothing, fails, hangs or does harm, by chance; and watches that nobody else is at it. */
function unruly(seed: number, rig: () => Rig, clashes: string[]): Script {
  const random = seededRandom(seed);
  const held = new Map<string, ActionName>();
  const script: Script = {};
  for (const action of ACTION_NAMES) {
    script[action] = {
      precondition: () => (random.below(10) === 0 ? 'not now' : true),
      carryOut: async (symptom) => {
        const resources = resourcesOf(action, symptom);
        for (const one of resources) {
          if (held.has(one)) clashes.push(`${action} and ${held.get(one)} on ${one}`);
          held.set(one, action);
        }
        try {
          return await act(symptom);
        } finally {
          for (const one of resources) held.delete(one);
        }
      },
      ...(random.below(2) === 0 && { undo: async () => void (random.below(4) === 0 && fail()) }),
    };
    const act = async (symptom: Symptom): Promise<string> => {
      const { clock } = rig();
      switch (random.below(6)) {
        case 0:
          return fail();
        case 1:
          await delay(clock, 30_000);
          return 'late';
        case 2:
          return 'without effect';
        case 3:
          rig().wrong(FAULTS[random.below(FAULTS.length)]!);
          return 'with harm';
        default:
          await delay(clock, 500);
          rig().well(symptom.fault, symptom.subject);
          return 'well done';
      }
    };
  }
  return script;
}

function fail(): never {
  throw new Error('it cannot be done');
}

const FAILED = new Set(['relapsed', 'no-effect', 'worse', 'failed', 'gave-up']);

function repeatedAfterFailure({ steps }: IncidentView): ActionName[] {
  return steps
    .filter(({ by }) => by === 'loop')
    .filter(({ action }, at) =>
      steps.slice(0, at).some((before) => before.action === action && FAILED.has(before.outcome)),
    )
    .map(({ action }) => action);
}

describe('Whatever fails, and however repairs end', () => {
  it('no resource has two plans, budgets hold, nothing that failed is repeated, and every incident ends', async () => {
    const moves = fc.array(move, { minLength: 5, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: 1, max: 1e6 }), async (given, seed) => {
        const clashes: string[] = [];
        const limits = { actionsPerSubject: 4, actionsPerNode: 25, stormActions: 8, stormPause: 20, relapseWithin: 30 };
        const rig: Rig = new Rig({ script: unruly(seed, () => rig, clashes), config: limits, seed });
        await rig.start();
        for (const one of given) {
          if (one.kind === 'pass') await rig.pass(one.seconds * 1000, 5_000);
          else rig[one.kind](one.fault, subjectOf(one.fault, one.n));
        }
        await rig.pass(2_400_000, 15_000);
        expect(clashes).toEqual([]);
        const at = rig.done.map((one) => one.at);
        for (const [index, { subject, at: start }] of rig.done.entries()) {
          const hour = rig.done.slice(index).filter((one) => one.at < start + 3_600_000);
          expect(hour.length).toBeLessThanOrEqual(25);
          expect(hour.filter((one) => one.subject === subject).length).toBeLessThanOrEqual(4);
        }
        // A wave of up to three may begin the pause.
        for (const start of at)
          expect(at.filter((one) => one >= start && one < start + 20_000).length).toBeLessThan(11);
        const incidents = rig.loop.incidents();
        expect(incidents.flatMap(repeatedAfterFailure)).toEqual([]);
        const open = incidents.filter((one) => !isOver(one) && one.state !== 'asked');
        // What began just now by the harm of a repair may still be under way.
        expect(open.filter(({ seenAt }) => rig.clock.wall() - seenAt > 1_800_000).map(symptomKey)).toEqual([]);
        expect(rig.loop.questions().length).toBe(incidents.filter(({ state }) => state === 'asked').length);
        await rig.loop.stop();
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
