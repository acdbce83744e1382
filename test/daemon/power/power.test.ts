import { describe, expect, it } from 'vitest';
import { stressOf } from '../../../agents/swarm/worker/stress.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { pressureOf } from '../../../daemon/eyes.ts';
import { conditionOf } from '../../../daemon/federation/board.ts';
import type { PowerConfig } from '../../../daemon/power/config.ts';
import { Power } from '../../../daemon/power/power.ts';
import type { HardwareView } from '../../../daemon/view/schema.ts';

const BOARD: HardwareView = {
  at: 0,
  cpu: { load: 0.1, cores: 4, load1: 0.1 },
  memory: { totalBytes: 4e9, availableBytes: 3e9, processBytes: 1e8 },
  disk: { path: '/', totalBytes: 1e10, availableBytes: 5e9 },
  interfaces: [],
  uptimeSeconds: 100,
  eventLoopDelaySeconds: 0,
};
const battery = { low: 0.15, critical: 0.05, recovery: 0.1, whenCritical: 'rest' } as const;
const at = (charge: number, discharging = true): HardwareView => ({ ...BOARD, battery: { charge, discharging } });

async function power(config: Partial<PowerConfig> = {}) {
  const clock = new VirtualClock();
  const journal: JournalEntry[] = [];
  const changes: string[] = [];
  const own = new Power({ config: { battery, ...config }, clock, journal: { record: (entry) => journal.push(entry) } });
  own.on('changed', ({ state }) => changes.push(state));
  await own.start();
  const hear = (...readings: HardwareView[]) => readings.map((reading) => own.hear(reading)).at(-1)!;
  return { own, clock, journal, changes, hear };
}

describe('the power of a board', () => {
  it('lays how it is kept over each reading, so that a board at 12 % has no room, no federation and no frames', async () => {
    const { hear, journal } = await power();
    const first = hear(at(0.12));
    expect(first.power?.state).toBe('awake');
    expect(stressOf(first)).toBeLessThan(1);
    const resting = hear(at(0.12), at(0.12));
    expect(resting.power?.state).toBe('low');
    expect(stressOf(resting)).toBe(1);
    expect(pressureOf(resting)).toBe(1);
    expect(conditionOf(resting).pressure).toBe(1);
    const charging = hear(at(0.12, false), at(0.12, false));
    expect(charging.power?.state).toBe('awake');
    expect(stressOf(charging)).toBe(0);
    expect(journal.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      'power.low: The board rests: its battery has 12 % left',
      'power.awake: The board works again',
    ]);
  });

  it('changes at the edges of its windows without a reading, and tells each change once', async () => {
    const { own, clock, changes } = await power({ dutyCycle: { awake: 60, every: 300 } });
    expect(clock.wall() % 300_000).toBe(0);
    expect(own.isResting).toBe(false);
    clock.advance(59_999);
    expect(changes).toEqual([]);
    clock.advance(1);
    expect(own.view()).toEqual({ state: 'resting', since: clock.wall(), until: clock.wall() + 240_000 });
    clock.advance(240_000);
    clock.advance(60_000);
    expect(changes).toEqual(['resting', 'awake', 'resting']);
    await own.stop();
    clock.advance(600_000);
    expect(changes).toHaveLength(3);
  });

  it('wakes when it is asked to, and rests again after that', async () => {
    const { own, clock, changes } = await power({ dutyCycle: { awake: 60, every: 600 } });
    clock.advance(120_000);
    expect(own.wake(90)).toMatchObject({ state: 'awake', until: clock.wall() + 90_000 });
    clock.advance(90_000);
    expect(changes).toEqual(['resting', 'awake', 'resting']);
  });
});
