// What every learner must do, whatever it learns: rounds, aggregation and roll-out rely on it.

import { describe, expect, it } from 'vitest';
import type { Learner, Model, ModelOrigin, TrainingPlan } from '../../../../agents/federation/learner.ts';
import { versionOf } from '../../../../agents/federation/learners/vectors.ts';

/** A node with a learner that has something to train on, and something held back. */
export interface LearnerNode {
  learner: Learner;
  /** The same node after a restart. */
  restart(): Promise<Learner>;
}

export const PLAN: TrainingPlan = { epochs: 1, proximal: 0, budget: 60, seed: 7 };

export function modelOf(parameters: Float32Array): Model {
  return { version: versionOf(parameters), parameters };
}

export function originOf(parent: string, changes: Partial<ModelOrigin> = {}): ModelOrigin {
  return {
    parent,
    coordinator: 'hub',
    round: 3,
    madeAt: 1_767_225_600_000,
    nodes: ['a', 'b'],
    examples: 120,
    ...changes,
  };
}

/** @param gain that training alone brings on held-back trials, at least; left out, nothing is asked */
export function learnerCompliance(
  name: string,
  open: () => Promise<LearnerNode>,
  options: { gain?: number } = {},
): void {
  const never = new AbortController().signal;

  async function trained(learner: Learner, plan: Partial<TrainingPlan> = {}, from = learner.current()): Promise<Model> {
    const { delta } = await learner.train(from, { ...PLAN, ...plan }, never);
    return modelOf(from.parameters.map((value, index) => value + delta[index]!));
  }

  describe(`the learner ${name}`, () => {
    it('names itself, and its model by what is in it', async () => {
      const { learner } = await open();
      expect(learner.name).toMatch(/^[a-z][a-z0-9-]{0,63}$/);
      expect(learner.title).not.toBe('');
      expect(Number.isInteger(learner.format) && learner.format >= 0 && learner.format <= 1e9).toBe(true);
      const { version, parameters } = learner.current();
      expect(parameters).toHaveLength(learner.size);
      expect(version).toBe(versionOf(parameters));
    });

    it('trains without touching what serves, and then has nothing new', async () => {
      const { learner } = await open();
      const before = learner.current();
      const copy = before.parameters.slice();
      expect(learner.examples()).toBeGreaterThan(0);
      const { delta, examples, metrics } = await learner.train(before, PLAN, never);
      expect(delta).toHaveLength(learner.size);
      expect(delta.every(Number.isFinite)).toBe(true);
      expect(delta.some((value) => value !== 0)).toBe(true);
      expect(examples).toBeGreaterThan(0);
      expect(Object.keys(metrics).length).toBeLessThanOrEqual(16);
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
      expect(learner.current().version).toBe(before.version);
      expect(learner.current().parameters).toEqual(copy);
      expect(learner.examples()).toBe(0);
    });

    it('trains the same way for the same plan', async () => {
      const [one, other] = await Promise.all([open(), open()]);
      expect((await trained(one.learner)).version).toBe((await trained(other.learner)).version);
    });

    it('stays nearer to where the round began the more it is held to it', async () => {
      const { learner } = await open();
      const from = learner.current();
      const lengths: number[] = [];
      for (const proximal of [0, 1000]) {
        const { delta } = await learner.train(from, { ...PLAN, epochs: 2, proximal }, never);
        lengths.push(Math.hypot(...delta));
      }
      expect(lengths[1]!).toBeLessThan(0.9 * lengths[0]!);
    });

    it('does not train once it is called off', async () => {
      const { learner } = await open();
      const reason = new Error('the round is over');
      await expect(learner.train(learner.current(), PLAN, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it('finds a model as good as itself, and two models better and worse by the same', async () => {
      const { learner } = await open();
      const { parameters } = learner.current();
      const candidate = (await trained(learner)).parameters;
      const same = await learner.compare(parameters, parameters, never);
      expect(same.gain).toBeCloseTo(1, 9);
      expect(same.trials).toBeGreaterThan(0);
      const forth = await learner.compare(candidate, parameters, never);
      const back = await learner.compare(parameters, candidate, never);
      expect(forth.gain * back.gain).toBeCloseTo(1, 6);
      expect(forth.sentence).toContain(forth.gain.toFixed(3));
      if (options.gain !== undefined) expect(forth.gain).toBeGreaterThan(options.gain);
    });

    it('serves what it adopts, also after a restart, and what served before once that is taken back', async () => {
      const { learner, restart } = await open();
      const before = learner.current();
      const model = await trained(learner);
      await learner.adopt(model, originOf(before.version));
      await learner.adopt(model, originOf(before.version));
      expect(learner.current()).toEqual(model);
      const again = await restart();
      expect(again.current()).toEqual(model);
      await again.takeBack('0123456789abcdef', 'nobody knows it');
      expect(again.current().version).toBe(model.version);
      await again.takeBack(model.version, 'jobs take longer');
      expect(again.current().version).toBe(before.version);
      expect((await restart()).current().version).toBe(before.version);
    });

    it('refuses models that cannot serve, and goes on serving', async () => {
      const { learner } = await open();
      const before = learner.current();
      const origin = originOf(before.version);
      const short = modelOf(before.parameters.slice(1));
      const long = modelOf(new Float32Array(learner.size + 1));
      const broken = before.parameters.map((value, index) => (index === 5 ? Number.NaN : value));
      const endless = before.parameters.map((value, index) => (index === 2 ? Number.POSITIVE_INFINITY : value));
      const mislabelled = { version: '0123456789abcdef', parameters: before.parameters };
      for (const model of [short, long, modelOf(broken), modelOf(endless), mislabelled]) {
        await expect(learner.adopt(model, origin)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
      }
      expect(learner.current()).toEqual(before);
    });

    it('sees nothing wrong with what it trained, and what is wrong with nonsense', async () => {
      const { learner } = await open();
      if (learner.inspect === undefined) return;
      const { parameters } = learner.current();
      const candidate = (await trained(learner)).parameters;
      expect(await learner.inspect(candidate, parameters)).toBeUndefined();
      const nonsense = candidate.map((value, index) => value + (index % 2 === 0 ? 90 : -90));
      expect(await learner.inspect(nonsense, parameters)).toMatch(/\d/);
    });

    it('tells how work goes under the model that serves', async () => {
      const { learner } = await open();
      const performance = learner.performance();
      if (performance === undefined) return;
      expect(performance.version).toBe(learner.current().version);
      expect(performance.samples).toBeGreaterThan(0);
      expect(Number.isFinite(performance.cost)).toBe(true);
    });
  });
}
