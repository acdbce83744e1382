import { describe, expect, it } from 'vitest';
import { type KnownWays, transferSeconds } from '../../../../agents/swarm/scheduling/transfer-time.ts';

const roundTrips: Record<string, number> = { near: 0.01, far: 0.03 };
const ways = (speeds: Record<string, number> = {}): KnownWays => ({
  roundTrip: (node) => roundTrips[node] ?? 0,
  speed: (node) => speeds[node],
});

describe('Bringing bytes from one node to another', () => {
  it('is reckoned at 5 MB a second until a transfer was measured', () => {
    expect(transferSeconds(ways(), 'home', 'near', 10_000_000)).toBe(2.005);
  });

  it('is reckoned at what was measured with the other end', () => {
    expect(transferSeconds(ways({ near: 1e6 }), 'home', 'near', 1_000_000)).toBe(1.005);
    expect(transferSeconds(ways({ near: 1e6 }), 'near', 'home', 1_000_000)).toBe(1.005);
  });

  it('takes the slower of two ends that are both others', () => {
    expect(transferSeconds(ways({ near: 4e6, far: 1e6 }), 'near', 'far', 1_000_000)).toBe(1.02);
  });

  it('takes no time when there is nothing to bring', () => {
    expect(transferSeconds(ways(), 'near', 'far', 0)).toBe(0);
  });
});
