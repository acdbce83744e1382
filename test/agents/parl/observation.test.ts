import { describe, expect, it } from 'vitest';
import { advisor } from '../../../agents/parl/advisor.ts';
import { randomScenario, simulate, TRAINING_RANGE } from '../../../agents/parl/environment/episode.ts';
import { imitate } from '../../../agents/parl/environment/imitation.ts';
import { observe, PAIR_WIDTH, STATE_WIDTH } from '../../../agents/parl/observation.ts';
import { POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { WasmNetwork } from '../../../agents/parl/ppo/wasm-network.ts';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { seededRandom } from '../../../core/random.ts';

describe('what the policy sees', () => {
  it('is finite and bounded in every state of a busy cluster, and has one row for each choice', () => {
    const simulation = simulate(randomScenario({ ...TRAINING_RANGE, load: [0.95, 0.95] }, seededRandom(3)));
    let seen = 0;
    while (!simulation.done) {
      const observation = observe(simulation);
      if (observation !== undefined) {
        seen++;
        const { rows, state, placements } = observation;
        expect(rows).toHaveLength((placements.length + 1) * PAIR_WIDTH);
        expect(state).toHaveLength(STATE_WIDTH);
        expect(placements.length).toBeLessThanOrEqual(240);
        expect([...rows, ...state].every((value) => Math.abs(value) < 30)).toBe(true);
      }
      const placement = advisor.choose(simulation);
      if (placement === undefined) simulation.advance();
      else simulation.place(placement);
    }
    expect(seen).toBeGreaterThan(100);
  });

  it('is the same for jobs of milliseconds and of hours', () => {
    const observeAt = (scale: number) => {
      const graph = new JobGraph([
        { id: 'a', needs: [], seconds: 2 * scale, bytes: 0 },
        { id: 'b', needs: ['a'], seconds: 3 * scale, bytes: 0 },
      ]);
      const nodes = [1, 2].map((speed) => ({ name: `n${speed}`, speed, slots: 1, bandwidth: 1e6, latency: 0 }));
      return observe(simulate({ nodes, arrivals: [{ at: 0, graph }], noise: 0, seed: 1 }))!;
    };
    const [small, large] = [observeAt(0.01), observeAt(1000)];
    small.rows.forEach((value, index) => {
      expect(value).toBeCloseTo(large.rows[index]!, 3);
    });
  });
});

it('learns to choose as its advisor does', () => {
  const random = seededRandom(1);
  const network = new WasmNetwork(POLICY_SHAPE);
  network.load(initialParameters(POLICY_SHAPE, random));
  const losses = Array.from({ length: 12 }, () =>
    imitate(network, randomScenario({ ...TRAINING_RANGE, jobs: 20 }, random), {
      ...{ teacher: advisor, learningRate: 2e-3, certainty: 1 },
    }),
  );
  expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!);
});
