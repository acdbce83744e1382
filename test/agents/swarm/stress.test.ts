import { describe, expect, it } from 'vitest';
import { slotsUnder, speedUnder, stressOf } from '../../../agents/swarm/worker/stress.ts';

const well = { memory: { totalBytes: 8e9, availableBytes: 4e9 } };

describe('The stress of a board', () => {
  it('is the worst of heat, throttling, memory and battery', () => {
    expect(stressOf(well)).toBe(0);
    expect(stressOf({ ...well, temperatureCelsius: 80 })).toBe(0.5);
    expect(stressOf({ ...well, temperatureCelsius: 95 })).toBe(1);
    expect(stressOf({ ...well, throttling: { underVoltage: false, throttled: true } })).toBe(0.5);
    expect(stressOf({ memory: { totalBytes: 100, availableBytes: 9 } })).toBeCloseTo(0.5);
    const battery = { charge: 0.25, discharging: true };
    expect(stressOf({ ...well, battery, temperatureCelsius: 71 })).toBeCloseTo(0.5);
    expect(stressOf({ ...well, battery: { ...battery, discharging: false } })).toBe(0);
  });

  it('is moderate where the flash is worn: others come first, and it still works', () => {
    expect(stressOf({ ...well, disk: { wear: 0.8 } })).toBe(0);
    expect(stressOf({ ...well, disk: { wear: 0.9 } })).toBeCloseTo(0.25);
    expect(slotsUnder(stressOf({ ...well, disk: { wear: 1 } }), 4)).toBe(4);
    expect(stressOf({ ...well, disk: {} })).toBe(0);
  });

  it('is all there is while the board rests', () => {
    expect(stressOf({ ...well, power: { state: 'resting' } })).toBe(1);
    expect(stressOf({ ...well, power: { state: 'awake' } })).toBe(0);
  });

  it('takes from speed at once and from slots beyond a half', () => {
    expect([0, 0.5, 0.75, 1].map((stress) => slotsUnder(stress, 4))).toEqual([4, 4, 2, 0]);
    expect([0, 0.5, 1].map((stress) => speedUnder(stress, 2))).toEqual([2, 1.5, 1]);
  });
});
