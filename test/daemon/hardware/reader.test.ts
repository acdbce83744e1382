import { mkdirSync, statSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { Value } from 'typebox/value';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { type Logger, silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { deviceNumber } from '../../../daemon/hardware/disk.ts';
import { HardwareReader, type HardwareReaderOptions } from '../../../daemon/hardware/reader.ts';
import { HardwareView } from '../../../daemon/view/schema.ts';
import { type Machine, machine, stat, WEAK_PI_4 } from './machine.ts';

const readers: HardwareReader[] = [];
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});

function address(text: string): NetworkInterfaceInfo {
  return { address: text, family: 'IPv4', internal: false, mac: '', netmask: '', cidr: null };
}

function reader({ root }: Machine, more: Partial<HardwareReaderOptions> = {}): HardwareReader {
  const made = new HardwareReader({
    clock: new VirtualClock(),
    dataDir: root,
    root,
    networkInterfaces: () => ({ wlan0: [address('192.168.1.7')] }),
    ...more,
  });
  readers.push(made);
  return made;
}

describe('a Raspberry Pi 4 on a weak supply', () => {
  it('tells all that it knows', async () => {
    using pi = machine(WEAK_PI_4);
    const view = await reader(pi).read();
    expect(Value.Errors(HardwareView, view)).toEqual([]);
    expect(view).toMatchObject({
      at: Date.UTC(2026, 0, 1),
      cpu: { load: 0.3, cores: 4, load1: 1.2, frequencyHz: 600_000_000 },
      memory: { totalBytes: 3_884_464 * 1024, availableBytes: 3_000_000 * 1024 },
      temperatureCelsius: 81.793,
      throttling: {
        underVoltage: true,
        frequencyCapped: false,
        throttled: true,
        softTemperatureLimit: false,
        everUnderVoltage: true,
        everThrottled: true,
      },
      disk: { path: pi.root, wear: 0.2, writtenBytes: 1_234_944 },
      interfaces: [
        { name: 'eth0', up: false, wireless: false, addresses: [], receivedBytes: 123_456_789, sentBytes: 987_654 },
        {
          name: 'wlan0',
          up: true,
          wireless: true,
          addresses: ['192.168.1.7'],
          receivedBytes: 5000,
          sentBytes: 6000,
          signalDbm: -56,
        },
      ],
      uptimeSeconds: 54_321.99,
    });
    expect(view.disk.totalBytes).toBeGreaterThan(view.disk.availableBytes);
    expect(view.memory.processBytes).toBeGreaterThan(1_000_000);
  });

  it('measures load between readings', async () => {
    using pi = machine(WEAK_PI_4);
    const pi4 = reader(pi);
    await pi4.read();
    pi.write({ 'proc/stat': stat(1300, 9700) });
    expect((await pi4.read()).cpu.load).toBeCloseTo(0.3);
    pi.write({ 'proc/stat': stat(2200, 9800) });
    expect((await pi4.read()).cpu.load).toBeCloseTo(0.9);
  });

  it('notices when the supply is exchanged', async () => {
    using pi = machine(WEAK_PI_4);
    const pi4 = reader(pi);
    await pi4.read();
    pi.write({ 'sys/devices/platform/soc/soc:firmware/get_throttled': '50000\n' });
    expect((await pi4.read()).throttling).toMatchObject({
      underVoltage: false,
      throttled: false,
      everUnderVoltage: true,
    });
  });

  it('asks the card for its wear once an hour only', async () => {
    using pi = machine(WEAK_PI_4);
    const clock = new VirtualClock();
    const pi4 = reader(pi, { clock });
    await pi4.read();
    pi.write({ 'sys/block/mmcblk0/device/life_time': '0x05 0x01\n' });
    clock.advance(3_599_000);
    expect((await pi4.read()).disk.wear).toBe(0.2);
    clock.advance(1_000);
    expect((await pi4.read()).disk.wear).toBe(0.5);
  });
});

describe('other boards', () => {
  it('report under-voltage by the alarm of mainline kernels, and remember it', async () => {
    using pi = machine({
      'sys/class/hwmon/hwmon2/name': 'rpi_volt\n',
      'sys/class/hwmon/hwmon2/in0_lcrit_alarm': '1\n',
    });
    const mainline = reader(pi);
    expect((await mainline.read()).throttling).toMatchObject({ underVoltage: true, everUnderVoltage: true });
    pi.write({ 'sys/class/hwmon/hwmon2/in0_lcrit_alarm': '0\n' });
    expect((await mainline.read()).throttling).toMatchObject({ underVoltage: false, everUnderVoltage: true });
  });

  it('have the firmware’s flags elsewhere, found through its driver', async () => {
    using pi = machine({
      'sys/bus/platform/drivers/raspberrypi-firmware/soc@107c000000:firmware/get_throttled': '1\n',
    });
    expect((await reader(pi).read()).throttling).toMatchObject({ underVoltage: true, throttled: false });
  });

  it('have many thermal zones, of which the hottest of the CPU counts', async () => {
    using rock = machine({
      'sys/class/thermal/thermal_zone0/type': 'soc-thermal',
      'sys/class/thermal/thermal_zone0/temp': '90000',
      'sys/class/thermal/thermal_zone1/type': 'bigcore0-thermal',
      'sys/class/thermal/thermal_zone1/temp': '61000',
      'sys/class/thermal/thermal_zone2/type': 'littlecore-thermal',
      'sys/class/thermal/thermal_zone2/temp': '58000',
      'sys/class/thermal/thermal_zone3/type': 'gpu-thermal',
      'sys/class/thermal/thermal_zone3/temp': '99000',
      'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '1800000',
      'sys/devices/system/cpu/cpufreq/policy4/scaling_cur_freq': '2256000',
    });
    const view = await reader(rock).read();
    expect(view.temperatureCelsius).toBe(61);
    expect(view.cpu.frequencyHz).toBe(2_256_000_000);
  });

  it('give whole degrees, or a driver’s sensor instead of a zone', async () => {
    using old = machine({
      'sys/class/thermal/thermal_zone0/type': 'soc_thermal',
      'sys/class/thermal/thermal_zone0/temp': '47',
    });
    expect((await reader(old).read()).temperatureCelsius).toBe(47);
    using pc = machine({
      'sys/class/hwmon/hwmon0/name': 'nvme',
      'sys/class/hwmon/hwmon1/name': 'k10temp',
      'sys/class/hwmon/hwmon1/temp1_input': '43125',
    });
    expect((await reader(pc).read()).temperatureCelsius).toBe(43.125);
  });

  it('show a sensor that comes late', async () => {
    using board = machine();
    const late = reader(board);
    expect(await late.read()).not.toHaveProperty('temperatureCelsius');
    board.write({
      'sys/class/thermal/thermal_zone0/type': 'cpu-thermal',
      'sys/class/thermal/thermal_zone0/temp': '50000',
    });
    expect((await late.read()).temperatureCelsius).toBe(50);
  });

  it('tell of the battery that feeds them, not of a mouse’s', async () => {
    using board = machine({
      'sys/class/power_supply/BAT0/type': 'Battery\n',
      'sys/class/power_supply/BAT0/capacity': '63\n',
      'sys/class/power_supply/BAT0/status': 'Discharging\n',
      'sys/class/power_supply/hid-mouse/type': 'Battery\n',
      'sys/class/power_supply/hid-mouse/scope': 'Device\n',
      'sys/class/power_supply/hid-mouse/capacity': '5\n',
      'sys/class/power_supply/hid-mouse/status': 'Discharging\n',
    });
    const own = reader(board);
    expect((await own.read()).battery).toEqual({ charge: 0.63, discharging: true });
    board.write({ 'sys/class/power_supply/BAT0/status': 'Not charging\n' });
    expect((await own.read()).battery).toEqual({ charge: 0.63, discharging: false });
  });

  it('have a gauge that tells amounts, and not which way the current flows: mains do', async () => {
    using board = machine({
      'sys/class/power_supply/axp20x-ac/type': 'Mains\n',
      'sys/class/power_supply/axp20x-ac/online': '1\n',
      'sys/class/power_supply/axp20x-battery/type': 'Battery\n',
      'sys/class/power_supply/axp20x-battery/energy_now': '3000000\n',
      'sys/class/power_supply/axp20x-battery/energy_full': '12000000\n',
      'sys/class/power_supply/axp20x-battery/status': 'Unknown\n',
    });
    const own = reader(board);
    expect((await own.read()).battery).toEqual({ charge: 0.25, discharging: false });
    board.write({ 'sys/class/power_supply/axp20x-ac/online': '0\n' });
    expect((await own.read()).battery).toEqual({ charge: 0.25, discharging: true });
  });

  it('tell the wear of the card with the data folder, not of another', async () => {
    using board = machine();
    const own = deviceNumber(statSync(board.root).dev);
    board.write({
      'sys/block/mmcblk0/dev': '179:0',
      'sys/block/mmcblk0/device/life_time': '0x09 0x09',
      'sys/block/mmcblk1/dev': '179:96',
      'sys/block/mmcblk1/mmcblk1p2/dev': own,
      'sys/block/mmcblk1/device/life_time': '0x01 0x01',
    });
    expect((await reader(board).read()).disk.wear).toBe(0.1);
  });
});

describe('a container', () => {
  it('has no sensors and less memory than its host', async () => {
    using container = machine({
      'proc/stat': stat(10, 90),
      'proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\n',
      'proc/self/cgroup': '0::/\n',
      'sys/fs/cgroup/memory.max': '536870912\n',
      'sys/fs/cgroup/memory.current': '400000000\n',
      'sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 100000000\nactive_file 5\n',
    });
    const view = await reader(container).read();
    expect(Value.Errors(HardwareView, view)).toEqual([]);
    expect(view).not.toHaveProperty('temperatureCelsius');
    expect(view).not.toHaveProperty('throttling');
    expect(view).not.toHaveProperty('battery');
    expect(view.disk).not.toHaveProperty('wear');
    expect(view.memory).toMatchObject({ totalBytes: 536_870_912, availableBytes: 236_870_912 });
  });
});

describe('garbage in every file', () => {
  it('is absent from the view and noted in the log', async () => {
    const noted: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      debug: (data, message) => noted.push(`${message} ${JSON.stringify(data)}`),
    };
    for (const text of ['', 'garbage\n', '-1', '\0\0\0', '99999999999999999999999', 'NaN', '🦊'.repeat(20_000)]) {
      using odd = machine(Object.fromEntries(Object.keys(WEAK_PI_4).map((file) => [file, text])));
      const view = await reader(odd, { logger }).read();
      expect(Value.Errors(HardwareView, view), text.slice(0, 20)).toEqual([]);
      expect(view).not.toHaveProperty('temperatureCelsius');
      expect(view).not.toHaveProperty('throttling');
      expect(view.memory.totalBytes).toBeGreaterThan(0);
      expect(view.uptimeSeconds).toBeGreaterThan(0);
    }
    expect(noted.join('\n')).toContain('a system file holds something unexpected');
    expect(noted.every((line) => line.length < 500)).toBe(true);
  });

  it('includes folders in the place of files', async () => {
    using odd = machine();
    for (const file of Object.keys(WEAK_PI_4)) mkdirSync(`${odd.root}/${file}`, { recursive: true });
    expect(Value.Errors(HardwareView, await reader(odd).read())).toEqual([]);
  });
});

describe('this machine', () => {
  it('is read without holding the event loop', async () => {
    const own = new HardwareReader({ clock: systemClock, dataDir: '/' });
    readers.push(own);
    const view = await own.read();
    expect(Value.Errors(HardwareView, view)).toEqual([]);
    expect(view.cpu.cores).toBeGreaterThan(0);
    expect(view.disk.totalBytes).toBeGreaterThan(0);

    for (let warm = 0; warm < 30; warm++) await own.read();
    const before = performance.eventLoopUtilization();
    const readings = 100;
    for (let count = 0; count < readings; count++) await own.read();
    const { active } = performance.eventLoopUtilization(before);
    // 1.2 ms on two cores of 2024; a loaded machine counts its waiting as work.
    expect(active / readings).toBeLessThan(10);
  });

  it('sees a blocked event loop', async () => {
    const own = new HardwareReader({ clock: systemClock, dataDir: '/' });
    readers.push(own);
    await own.read();
    await expect.poll(() => blockAndRead(own), { timeout: 10_000 }).toBeGreaterThan(0.1);
  });
});

async function blockAndRead(own: HardwareReader): Promise<number> {
  const until = performance.now() + 150;
  while (performance.now() < until);
  // The timer that measures the delay is due, and runs in the second turn of the loop at the latest.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  return (await own.read()).eventLoopDelaySeconds;
}
