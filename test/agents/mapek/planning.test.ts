import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTION_NAMES, type ActionName, repairActions, specOf } from '../../../agents/mapek/action-catalogue.ts';
import { RepairBandit } from '../../../agents/mapek/bandit.ts';
import { Budgets } from '../../../agents/mapek/budgets.ts';
import type { RepairRecord } from '../../../agents/mapek/knowledge-storage.ts';
import { LADDERS } from '../../../agents/mapek/ladder.ts';
import { type Candidate, expectedSeconds, optimise } from '../../../agents/mapek/mttr-optimizer.ts';
import { plan } from '../../../agents/mapek/planner.ts';
import { RepairModel } from '../../../agents/mapek/repair-model.ts';
import { lookEvery } from '../../../agents/mapek/sampling.ts';
import type { Fault, Symptom } from '../../../agents/mapek/symptom.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { type Random, seededRandom } from '../../../core/random.ts';

const hand = { precondition: () => true as const, carryOut: async () => 'done' };
const actions = repairActions(Object.fromEntries(ACTION_NAMES.map((name) => [name, hand])));

function symptom(fault: Fault, subject: string, context: Record<string, number> = {}): Symptom {
  const known = { confidence: 0.9, severity: 0.5, since: 0, cause: 'so', evidence: [], explains: [] };
  return { fault, subject, context: { severity: 0.5, often: 0, ...context }, ...known };
}

const candidate = (action: ActionName, success: number, secondsIfHelps: number, secondsIfNot: number): Candidate => ({
  ...{ action, success, secondsIfHelps, secondsIfNot },
});

describe('The optimiser of the time to recover', () => {
  it('tries first what is expected to cost least for its chance', () => {
    const slow = candidate('process.restart-service', 0.9, 20, 60);
    const quick = candidate('mqtt.reconnect', 0.5, 1, 2);
    expect(optimise([slow, quick], 'service/mqtt').map((wave) => wave.map(({ action }) => action))).toEqual([
      ['mqtt.reconnect'],
      ['process.restart-service'],
    ]);
  });

  it('runs at once what shares nothing, costs little and reaches no further than a service', () => {
    const avoid = candidate('route.avoid', 0.5, 1, 5);
    const reset = candidate('link.reset', 0.5, 3, 10);
    expect(optimise([avoid, reset], 'link/n2')).toEqual([[avoid, reset]]);
    // Both hold the broker.
    const rotate = candidate('broker.rotate', 0.5, 1, 5);
    const reconnect = candidate('mqtt.reconnect', 0.5, 3, 10);
    expect(optimise([rotate, reconnect], 'service/mqtt')).toHaveLength(2);
    // It reaches a neighbour.
    expect(optimise([reset, candidate('neighbour.ask', 0.5, 3, 10)], 'link/n2')).toHaveLength(2);
  });

  it('expects what the formula says', () => {
    // 0.5 · 1 + 0.5 · 5 + 30 · 0.05 = 4.5; then half of 0.5 · 3 + 0.5 · 10 + 30 · 0.1 = 9.5; then a quarter of 900.
    const waves = [[candidate('route.avoid', 0.5, 1, 5)], [candidate('link.reset', 0.5, 3, 10)]];
    expect(expectedSeconds(waves)).toBeCloseTo(4.5 + 0.5 * 9.5 + 0.25 * 900, 9);
  });

  it('finds the best order of those that run one after the other, against trying all orders', () => {
    const one = fc.record({
      ...{
        success: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        helps: fc.double({ min: 0.1, max: 60, noNaN: true }),
      },
      not: fc.double({ min: 1, max: 120, noNaN: true }),
    });
    // All of them hold the subject: none run at once.
    const names = ['agent.restart', 'agent.quarantine', 'camera.restart', 'usb.reset'] as const;
    fc.assert(
      fc.property(fc.array(one, { minLength: 4, maxLength: 4 }), (values) => {
        const candidates = values.map(({ success, helps, not }, n) => candidate(names[n]!, success, helps, not));
        const best = Math.min(...orders(candidates).map((order) => expectedSeconds(order.map((each) => [each]))));
        expect(expectedSeconds(optimise(candidates, 'agent/a'))).toBeCloseTo(best, 6);
      }),
      { numRuns: 200 },
    );
  });
});

function orders<T>(of: readonly T[]): T[][] {
  if (of.length <= 1) return [[...of]];
  return of.flatMap((first, n) => orders(of.toSpliced(n, 1)).map((rest) => [first, ...rest]));
}

describe('A plan', () => {
  it('leaves out what cannot be done here, was tried, or asks first, and says why', () => {
    const some = repairActions({
      'store.restore-backup': hand,
      'agent.restart': { ...hand, precondition: () => 'the agent is unknown' },
      'agent.quarantine': hand,
    });
    const made = plan(symptom('agent-crashed', 'agent/a'), new Set(['agent.quarantine']), { actions: some });
    expect(made).toMatchObject({ by: 'ladder', waves: [], offers: [] });
    expect(made.leftOut).toEqual([
      { action: 'agent.restart', why: 'the agent is unknown' },
      { action: 'agent.quarantine', why: 'it was tried in this incident' },
    ]);
    const corrupt = plan(symptom('store-corrupt', 'service/store'), new Set(), { actions: some });
    expect(corrupt).toMatchObject({ waves: [], offers: ['store.restore-backup'] });
  });

  it('is the fixed ladder when the bandit fails', () => {
    const bandit = new RepairBandit({ clock: new VirtualClock(), random: seededRandom(1) });
    bandit.isReady = () => {
      throw new Error('lost');
    };
    const made = plan(symptom('broker-down', 'service/mqtt'), new Set(), { actions, bandit });
    expect(made.waves.flat().map(({ action }) => action)).toEqual(LADDERS['broker-down'].slice(0, -1));
  });
});

describe('The model of a repair', () => {
  it('is the prior before anything was tried, and follows what it sees', () => {
    const model = new RepairModel({ success: 0.5, worth: 2, logSeconds: Math.log(10), logDeviation: 0 }, 1);
    expect(model.estimate([0.5]).success).toBeCloseTo(0.5, 9);
    expect(model.estimate([0.5]).worth).toBe(2);
    expect(model.estimate([0.5]).seconds).toBeCloseTo(10, 2);
    for (let n = 0; n < 8; n++) model.learn([0.5], true, 1, 1);
    // (2 · 0.5 + 8) / (2 + 8), but for what fades.
    expect(model.estimate([0.5]).success).toBeCloseTo(0.9, 2);
    expect(model.estimate([0.5]).seconds).toBeLessThan(2.5);
  });

  it('learns in which context an action helps', () => {
    const model = new RepairModel({ success: 0.5, worth: 2, logSeconds: 0, logDeviation: 1 }, 2);
    const random = seededRandom(3);
    for (let n = 0; n < 200; n++) {
      const usb = n % 2;
      model.learn([usb, random.next()], random.next() < (usb === 1 ? 0.9 : 0.1), 1, 1);
    }
    expect(model.estimate([1, 0.5]).success).toBeGreaterThan(0.8);
    expect(model.estimate([0, 0.5]).success).toBeLessThan(0.2);
  });

  it('is surer of its samples the more it has seen', () => {
    const spread = (tries: number): number => {
      const [model, random] = [
        new RepairModel({ success: 0.5, worth: 2, logSeconds: 0, logDeviation: 1 }, 0),
        seededRandom(5),
      ];
      for (let n = 0; n < tries; n++) model.learn([], n % 2 === 0, 1, 1);
      const drawn = Array.from({ length: 400 }, () => model.estimate([], random).success);
      const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
      return Math.sqrt(drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length);
    };
    // σ / √n with σ = 0.5 and n = 2 + tries: 0.2 of 4 tries, 0.06 of 64.
    expect(spread(4)).toBeGreaterThan(0.15);
    expect(spread(64)).toBeLessThan(0.08);
  });
});

/** A network whose cameras hang on USB: only a reset of the port helps there; the others want a restart. */
function cameraWorld(random: Random) {
  const helps: Record<string, (usb: number) => number> = {
    'camera.restart': (usb) => (usb === 1 ? 0.01 : 0.99),
    'usb.reset': (usb) => (usb === 1 ? 0.99 : 0.05),
  };
  return (action: ActionName, usb: number): boolean => random.next() < (helps[action]?.(usb) ?? 0);
}

/** Mean seconds until each of `incidents` was over, people after a minute. */
function meanSeconds(seed: number, incidents: number, learns: boolean): number {
  const [clock, random] = [new VirtualClock(), seededRandom(seed)];
  const [bandit, tryIt] = [new RepairBandit({ clock, random }), cameraWorld(random)];
  let total = 0;
  for (let n = 0; n < incidents; n++) {
    clock.advance(1_800_000);
    const usb = random.next() < 0.8 ? 1 : 0;
    const seen = symptom('camera-lost', 'camera/c', { usb });
    const tried = new Set<ActionName>();
    let seconds = 0;
    for (let isOver = false; !isOver; ) {
      const wave = plan(seen, tried, { actions, ...(learns && { bandit }) }).waves[0];
      if (wave === undefined) {
        seconds += 60;
        break;
      }
      for (const { action } of wave) {
        tried.add(action);
        isOver = tryIt(action, usb);
        const took = isOver ? 4 : specOf(action).verifyWithin / 1000;
        seconds += took;
        const what = { id: `${n}/${action}`, at: 0, incident: `${n}`, fault: seen.fault, subject: seen.subject };
        const outcome = isOver ? 'helped' : 'no-effect';
        const record: RepairRecord = { ...what, context: seen.context, action, outcome, seconds: took, together: 1 };
        if (learns) bandit.learn(record);
        if (isOver) break;
      }
    }
    total += seconds;
  }
  return total / incidents;
}

describe('The bandit', () => {
  it('learns on a simulated network which action works in which case, and beats the ladder', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const [ladder, learned] = [meanSeconds(seed, 200, false), meanSeconds(seed, 200, true)];
      // Always the right one first would be 5 s.
      expect(ladder).toBeGreaterThan(25);
      expect(learned).toBeLessThan(9);
    }
  });

  it('keeps to the ladder while it knows little', () => {
    const bandit = new RepairBandit({ clock: new VirtualClock(), random: seededRandom(1) });
    expect(bandit.isReady('camera-lost')).toBe(false);
    const seen = symptom('camera-lost', 'camera/c', { usb: 1 });
    expect(plan(seen, new Set(), { actions, bandit }).by).toBe('ladder');
    const known = { fault: 'camera-lost', action: 'usb.reset', tries: 40, success: 0.95 };
    bandit.share([{ ...known, logSeconds: 1, logDeviation: 0.5 }]);
    const made = plan(seen, new Set(), { actions, bandit });
    expect(made.by).toBe('learned');
    expect(made.waves[0]![0]!.action).toBe('usb.reset');
  });

  it('explores nothing dear or far-reaching, and no more than its budget of an hour', () => {
    const clock = new VirtualClock();
    const bandit = new RepairBandit({ clock, random: seededRandom(1) });
    const drawn = (fault: Fault, action: ActionName): number => {
      const context = { severity: 0.5, often: 0 };
      return new Set(Array.from({ length: 5 }, () => bandit.sample(fault, action, context).seconds)).size;
    };
    expect(drawn('camera-lost', 'usb.reset')).toBe(5);
    // It costs 0.6 and reaches a neighbour.
    expect(drawn('peer-byzantine', 'peer.quarantine')).toBe(1);
    for (let n = 0; n < 6; n++) bandit.noteExploration('usb.reset');
    expect(drawn('camera-lost', 'usb.reset')).toBe(1);
    clock.advance(3_600_000);
    expect(drawn('camera-lost', 'usb.reset')).toBe(5);
  });

  it('takes nothing that is not on the ladder of a fault', () => {
    const bandit = new RepairBandit({ clock: new VirtualClock(), random: seededRandom(1) });
    const beliefs = ACTION_NAMES.map((action) => ({ fault: 'camera-covered', action, tries: 50, success: 1 }));
    bandit.share(beliefs.map((belief) => ({ ...belief, logSeconds: 0, logDeviation: 0.1 })));
    expect(plan(symptom('camera-covered', 'camera/c'), new Set(), { actions, bandit }).waves).toEqual([]);
  });
});

describe('Budgets and looks', () => {
  it('hold for each subject and the node within an hour, and pause a storm', () => {
    const budgets = new Budgets(() => ({ perSubject: 2, perNode: 3, storm: { actions: 100, pause: 1 } }));
    for (const subject of ['a', 'a', 'b']) {
      expect(budgets.may(subject, 1, 0)).toEqual({ kind: 'allowed' });
      budgets.spend(subject, 0);
    }
    expect(budgets.may('a', 1, 1)).toEqual({ kind: 'spent', why: '2 of 2 actions an hour on a are used up' });
    expect(budgets.may('c', 1, 1)).toEqual({ kind: 'spent', why: '3 of 3 actions an hour on this node are used up' });
    expect(budgets.may('a', 1, 3_600_000)).toEqual({ kind: 'allowed' });
  });

  it('look more often at what may be wrong, and less often again when that lasts', () => {
    expect(lookEvery('calm', 0, 5_000)).toBe(5_000);
    expect(lookEvery('suspect', 0, 5_000)).toBe(1_250);
    expect(lookEvery('repairing', 0, 5_000)).toBe(250);
    expect(lookEvery('repairing', 0, 1_000)).toBe(100);
    expect(lookEvery('repairing', 65_000, 5_000)).toBe(1_000);
    expect(lookEvery('repairing', 1e9, 5_000)).toBe(5_000);
  });
});
