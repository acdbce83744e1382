import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBetween, parseStat } from '../../../daemon/hardware/cpu.ts';
import { deviceNumber, parseLifeTime } from '../../../daemon/hardware/disk.ts';
import { controlGroups, parseMeminfo } from '../../../daemon/hardware/memory.ts';
import { parseTraffic, parseWireless } from '../../../daemon/hardware/network.ts';
import { rankZone } from '../../../daemon/hardware/temperature.ts';
import { parseThrottled } from '../../../daemon/hardware/throttling.ts';

describe('processor time', () => {
  it('counts waiting for I/O as idle and guests once', () => {
    const parsed = parseStat('cpu  100 10 50 800 40 0 0 0 70 7\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5');
    expect(parsed).toEqual({ ticks: { busy: 160, all: 1000 }, cores: 2 });
  });

  it('is a share between two samples, and unknown when no time passed or counters fell', () => {
    expect(loadBetween({ busy: 100, all: 1000 }, { busy: 150, all: 1200 })).toBe(0.25);
    expect(loadBetween({ busy: 100, all: 1000 }, { busy: 100, all: 1000 })).toBeUndefined();
    expect(loadBetween({ busy: 100, all: 1000 }, { busy: 1, all: 10 })).toBeUndefined();
    expect(loadBetween({ busy: 100, all: 1000 }, { busy: 90, all: 1100 })).toBe(0);
  });
});

describe('throttling flags', () => {
  it('are read bit by bit', () => {
    const calm = parseThrottled('0');
    expect(calm && Object.values(calm).some(Boolean)).toBe(false);
    expect(parseThrottled('50005')).toEqual({
      underVoltage: true,
      frequencyCapped: false,
      throttled: true,
      softTemperatureLimit: false,
      everUnderVoltage: true,
      everThrottled: true,
    });
    expect(parseThrottled('0xE000A')).toMatchObject({
      frequencyCapped: true,
      softTemperatureLimit: true,
      everThrottled: true,
      everUnderVoltage: false,
    });
    expect(parseThrottled('throttled=0x0')).toBeUndefined();
  });
});

describe('eMMC wear', () => {
  it.each([
    ['0x01 0x01', 0.1],
    ['0x02 0x05', 0.5],
    ['0x0a 0x01', 1],
    ['0x0B 0x0B', 1],
    ['0x00 0x00', undefined],
    ['0x0c 0x01', undefined],
    ['', undefined],
    ['worn out', undefined],
  ])('%s is %s', (text, used) => {
    expect(parseLifeTime(text)).toBe(used);
  });
});

describe('device numbers', () => {
  it('are unpacked as Linux packs them', () => {
    expect(deviceNumber(0xb302)).toBe('179:2');
    expect(deviceNumber(0x10_3_05)).toBe('259:5');
  });
});

describe('memory', () => {
  it('is what the kernel calls available', () => {
    expect(parseMeminfo('MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n')).toEqual({
      totalBytes: 1_024_000,
      availableBytes: 614_400,
    });
    expect(parseMeminfo('MemTotal: 0 kB\nMemAvailable: 5 kB\n')).toBeUndefined();
  });

  it('is limited by the groups of either generation, from the process’s own outwards', () => {
    expect(controlGroups('0::/system.slice/parlmesh.service\n')).toEqual([
      { folder: 'sys/fs/cgroup/system.slice/parlmesh.service', generation: 2 },
      { folder: 'sys/fs/cgroup/system.slice', generation: 2 },
      { folder: 'sys/fs/cgroup', generation: 2 },
    ]);
    expect(controlGroups('5:memory:/docker/abc\n1:cpu:/\n0::/\n').at(0)).toEqual({
      folder: 'sys/fs/cgroup/memory/docker/abc',
      generation: 1,
    });
    expect(controlGroups('0::/../../escape\n').every(({ folder }) => !folder.includes('..'))).toBe(true);
    expect(controlGroups('')).toEqual([{ folder: 'sys/fs/cgroup', generation: 2 }]);
  });
});

describe('thermal zones', () => {
  it('stand for the CPU in this order', () => {
    for (const type of ['cpu-thermal', 'cpu_thermal', 'CPU-therm', 'bigcore0-thermal', 'x86_pkg_temp'])
      expect(rankZone(type), type).toBe(0);
    for (const type of ['soc-thermal', 'soc_thermal', 'main0-thermal', 'package-thermal'])
      expect(rankZone(type), type).toBe(1);
    expect(rankZone('acpitz')).toBe(2);
    for (const type of ['gpu-thermal', 'GPU-therm', 'PMIC-Die', 'iwlwifi_1', 'battery', ''])
      expect(rankZone(type), type).toBeUndefined();
  });
});

describe('any text at all', () => {
  it('is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ a-z0-9:.\-x\n|/]*$/)), (text) => {
        for (const parse of [
          parseStat,
          parseThrottled,
          parseLifeTime,
          parseMeminfo,
          controlGroups,
          parseTraffic,
          parseWireless,
          rankZone,
        ]) {
          expect(() => parse(text)).not.toThrow();
        }
      }),
      { numRuns: 500 },
    );
  });
});
