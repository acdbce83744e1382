import { describe, expect, it } from 'vitest';
import type { ScenarioRange } from '../../../agents/parl/environment/episode.ts';
import { trainInThread } from '../../../agents/parl/train-in-thread.ts';
import { TRAINING, type TrainingSettings, type TrainingUpdate, trainPolicy } from '../../../agents/parl/training.ts';

const TINY: ScenarioRange = { jobs: 12, nodes: [2, 3], load: [0.8, 0.8], failing: 0, families: ['diamond', 'chain'] };
const SETTINGS: TrainingSettings = {
  ...TRAINING,
  ...{ range: TINY, seed: 3, steps: 6000, imitation: 0, scenarios: 2, rollouts: 4, validation: 8, validateEvery: 2 },
  trainer: { ...TRAINING.trainer, learningRate: 2e-3 },
};

function gains(settings: TrainingSettings): { parameters: Float32Array; gains: number[]; updates: TrainingUpdate[] } {
  const updates: TrainingUpdate[] = [];
  const { parameters } = trainPolicy(settings, (update) => updates.push(update));
  return { parameters, updates, gains: updates.flatMap((u) => (u.stage === 'validation' ? [u.gain] : [])) };
}

describe('training', () => {
  it('makes a fresh policy better from rewards alone', () => {
    const { gains: found } = gains(SETTINGS);
    expect(Math.max(...found)).toBeGreaterThan(1.15 * found[0]!);
  });

  it('gives the same policy for the same seed, and another for another', () => {
    const short = { ...SETTINGS, steps: 800 };
    const first = gains(short);
    expect(gains(short).parameters).toEqual(first.parameters);
    expect(gains({ ...short, seed: 4 }).parameters).not.toEqual(first.parameters);
  });

  it('keeps the best policy of validation, and tells finite figures of each update', () => {
    const { updates, gains: found } = gains({ ...SETTINGS, steps: 1500, imitation: 4 });
    const best = updates.flatMap((u) => (u.stage === 'validation' && u.best ? [u.gain] : []));
    expect(best.at(-1)).toBe(Math.max(...found));
    for (const update of updates) {
      for (const value of Object.values(update))
        if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
    }
  });

  it('in a thread gives what it gives here, and ends when it is called off', async () => {
    const short = { ...SETTINGS, steps: 400 };
    const { parameters } = await trainInThread(short, () => {});
    expect(parameters).toEqual(gains(short).parameters);
    const calledOff = new AbortController();
    const running = trainInThread(
      { ...SETTINGS, steps: 1e9 },
      () => calledOff.abort(new Error('enough')),
      calledOff.signal,
    );
    await expect(running).rejects.toThrow('enough');
  });
});
