import { afterEach, describe, expect, it } from 'vitest';
import { HardwareAgent, type HardwareNews } from '../../../agents/kinds/hardware.ts';
import type { HardwareReading } from '../../../agents/kinds/hardware-reading.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { settle, supervise } from '../scripted-agent.ts';

const WELL: HardwareReading = {
  cpu: { load: 0.2 },
  memory: { totalBytes: 1e9, availableBytes: 6e8 },
  temperatureCelsius: 50,
  throttling: { underVoltage: false, throttled: false },
  disk: { path: '/var', totalBytes: 32e9, availableBytes: 20e9 },
  eventLoopDelaySeconds: 0.01,
};

let supervisor: Supervisor;
afterEach(() => supervisor.stop());

async function watching(read: () => Promise<HardwareReading>) {
  const clock = new VirtualClock();
  const parts = supervise({ clock });
  supervisor = parts.supervisor;
  const news: HardwareNews<HardwareReading>[] = [];
  const start = supervisor.start(new AbortController().signal);
  void supervisor.add({
    id: 'hardware',
    create: () =>
      new HardwareAgent({
        id: 'hardware',
        source: { read },
        interval: 5_000,
        onReading: (each) => news.push(each),
        journal: { record: (entry) => parts.journal.push(entry) },
        clock,
      }),
  });
  await start;
  await settle();
  const readings = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      clock.advance(5_000);
      await settle();
    }
  };
  return { ...parts, news, readings, last: () => news.at(-1)! };
}

describe('the hardware agent', () => {
  it('reads at once and at its interval, however long that is, without counting as hung', async () => {
    const { news, readings, stateOf } = await watching(async () => WELL);
    expect(news).toHaveLength(1);
    await readings(10);
    expect(news).toHaveLength(11);
    expect(stateOf('hardware')).toBe('ready');
  });

  it('tells of heat once, and of its end once, although the temperature hovers', async () => {
    let temperatureCelsius = 70;
    const { readings, kinds, journal, last } = await watching(async () => ({ ...WELL, temperatureCelsius }));
    for (const at of [82, 84, 79, 81, 76, 82, 74, 73, 74]) {
      temperatureCelsius = at;
      await readings(1);
    }
    expect(kinds()).toEqual(['hardware.hot', 'hardware.hot.cleared']);
    expect(journal[0]?.message).toContain('84 °C');
    expect(last().symptoms).toEqual([]);
  });

  it('tells of one dip of the supply voltage, and of its end after a minute', async () => {
    let underVoltage = true;
    const { readings, kinds, last } = await watching(async () => ({
      ...WELL,
      throttling: { underVoltage, throttled: false },
    }));
    expect(kinds()).toEqual(['hardware.under-voltage']);
    expect(last()).toMatchObject({ symptoms: ['under-voltage'] });
    underVoltage = false;
    await readings(11);
    expect(kinds()).toHaveLength(1);
    await readings(1);
    expect(kinds()).toEqual(['hardware.under-voltage', 'hardware.under-voltage.cleared']);
  });

  it('tells of memory and disk that run low', async () => {
    let low = false;
    const { readings, kinds } = await watching(async () =>
      low
        ? {
            ...WELL,
            memory: { totalBytes: 1e9, availableBytes: 5e7 },
            disk: { path: '/var', totalBytes: 32e9, availableBytes: 1e9 },
          }
        : WELL,
    );
    low = true;
    await readings(2);
    expect(kinds()).toEqual(['hardware.memory-low', 'hardware.disk-low']);
  });

  it('tells of a battery that runs out, and that it is on mains again', async () => {
    let battery = { charge: 0.1, discharging: true };
    const { readings, kinds, journal } = await watching(async () => ({ ...WELL, battery }));
    await readings(2);
    expect(journal[0]?.message).toBe('The battery is low: 10 % left, and it discharges');
    battery = { charge: 0.1, discharging: false };
    await readings(2);
    expect(kinds()).toEqual(['hardware.battery-low', 'hardware.battery-low.cleared']);
  });

  it('that cannot read, or whose reading hangs, is restarted and tells why', async () => {
    let reads = 0;
    const {
      readings,
      supervisor: watched,
      journal,
    } = await watching(async () => {
      reads++;
      if (reads === 2) throw new Error('/proc/stat: permission denied');
      if (reads === 4) await new Promise(() => {});
      return WELL;
    });
    await readings(5);
    expect(journal.map((entry) => entry.message)).toEqual([
      expect.stringContaining('/proc/stat: permission denied'),
      expect.stringContaining('no heartbeat for 5 s'),
    ]);
    expect(watched.agents()).toMatchObject([{ state: 'ready', restarts: 2 }]);
  });
});
