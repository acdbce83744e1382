import { describe, expect, it } from 'vitest';
import { EvolutionStrategy } from '../../../../agents/parl/environment/evolution.ts';
import { seededRandom } from '../../../../core/random.ts';

function minimum(of: (x: Float64Array) => number, start: number[], generations: number): Float64Array {
  const strategy = new EvolutionStrategy(start, 0.5, 12, seededRandom(1));
  for (let generation = 0; generation < generations; generation++) {
    const trials = strategy.ask();
    strategy.tell(trials, trials.map(of));
  }
  return strategy.mean;
}

describe('the evolution strategy', () => {
  it('finds the lowest point of a narrow, turned valley', () => {
    const valley = ([x, y, z]: Float64Array): number => (x! - 1) ** 2 + 100 * (y! - x!) ** 2 + 0.01 * (z! + 2) ** 2;
    const [x, y, z] = minimum(valley, [-3, 4, 5], 200);
    expect(x).toBeCloseTo(1, 4);
    expect(y).toBeCloseTo(1, 4);
    expect(z).toBeCloseTo(-2, 3);
  });

  it('follows the bent valley of Rosenbrock', () => {
    const banana = ([x, y]: Float64Array): number => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2;
    const [x, y] = minimum(banana, [-1.2, 1], 250);
    expect(x).toBeCloseTo(1, 3);
    expect(y).toBeCloseTo(1, 3);
  });
});
