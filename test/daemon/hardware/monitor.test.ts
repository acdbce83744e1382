import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { HardwareMonitor } from '../../../daemon/hardware/monitor.ts';
import { HardwareReader } from '../../../daemon/hardware/reader.ts';
import { machine, WEAK_PI_4 } from './machine.ts';

function monitor(root: string, interval: number): { clock: VirtualClock; monitor: HardwareMonitor } {
  const clock = new VirtualClock();
  const reader = new HardwareReader({ clock, dataDir: root, root, networkInterfaces: () => ({}) });
  return { clock, monitor: new HardwareMonitor({ reader, clock, logger: silentLogger, interval }) };
}

describe('HardwareMonitor', () => {
  it('has a reading once it is started, and a new one every interval', async () => {
    using pi = machine(WEAK_PI_4);
    const { clock, monitor: hardware } = monitor(pi.root, 5);
    expect(hardware.latest).toBeUndefined();
    await hardware.start();
    const first = hardware.latest;
    expect(first?.temperatureCelsius).toBe(81.793);

    pi.write({ 'sys/class/thermal/thermal_zone0/temp': '60000' });
    const next = once(hardware, 'reading');
    clock.advance(4_999);
    expect(hardware.latest).toBe(first);
    clock.advance(1);
    await expect(next).resolves.toMatchObject([{ temperatureCelsius: 60, at: first!.at + 5_000 }]);
    await hardware.stop();
  });

  it('shares one reading between callers at the same time', async () => {
    using pi = machine(WEAK_PI_4);
    const { monitor: hardware } = monitor(pi.root, 5);
    const [one, two] = await Promise.all([hardware.read(), hardware.read()]);
    expect(one).toBe(two);
    await hardware.stop();
  });

  it('takes another interval at once', async () => {
    using pi = machine(WEAK_PI_4);
    const { clock, monitor: hardware } = monitor(pi.root, 3600);
    await hardware.start();
    hardware.setInterval(1);
    const next = once(hardware, 'reading');
    clock.advance(1000);
    await next;
    await hardware.stop();
  });

  it('reads no more after its stop, which may come twice', async () => {
    using pi = machine(WEAK_PI_4);
    const { clock, monitor: hardware } = monitor(pi.root, 1);
    await hardware.start();
    await hardware.stop();
    await hardware.stop();
    const last = hardware.latest;
    clock.advance(60_000);
    expect(hardware.latest).toBe(last);
  });
});
