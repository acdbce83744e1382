import { describe, expect, it } from 'vitest';
import { LEARNER, VirtualFederation } from './virtual-federation.ts';

describe('rounds of a federation', () => {
  it('makes ten models in ten rounds, each of what came in, and comes to the middle of what the nodes learn', async () => {
    const federation = await new VirtualFederation({ config: { selection: { share: 1 } } }).startAll(6);
    for (let number = 1; number <= 10; number++) {
      const round = await federation.ended(number);
      expect(round.state, round.sentence).toBe('done');
      expect(round.arrived).toBe(6);
    }
    const { disk } = federation.lead;
    expect(disk.proposed).toHaveLength(10);
    // Targets 1, 2, 3 twice each: half of the way to 2 in each round.
    expect(disk.settled!.parameters[0]).toBeCloseTo(2 - 2 / 2 ** 10, 3);
    expect(disk.proposed[9]!.origin.nodes).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
    expect(disk.proposed[9]!.origin.examples).toBe(600);
    expect(federation.lead.coordinator.status().learners[0]).toMatchObject({ name: LEARNER, failures: 0 });
  });
});
