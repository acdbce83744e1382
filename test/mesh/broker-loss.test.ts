// A network that has nothing but brokers, when one of them is killed.

import { afterEach, describe, expect, it } from 'vitest';
import { type Brokers, has, MOSQUITTO, mosquittos } from '../../bench/broker-loss/brokers.ts';
import { trial } from '../../bench/broker-loss/trial.ts';

let brokers: Brokers | undefined;

afterEach(async () => {
  await brokers?.stop();
  brokers = undefined;
});

describe.skipIf(!has(MOSQUITTO))('a network over brokers alone', () => {
  it('is whole again within seconds after its broker was killed, with what was said meanwhile', async () => {
    brokers = await mosquittos();
    const { moved, flowing, whole, lost } = await trial(brokers, 5, 0, false);
    expect(lost).toBeGreaterThan(0);
    expect(moved).toBeLessThan(5000);
    expect(flowing).toBeLessThan(8000);
    expect(whole).toBeLessThan(12_000);
  }, 120_000);
});
