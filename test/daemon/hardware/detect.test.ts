import { describe, expect, it } from 'vitest';
import { chooseProfile, detectProfile } from '../../../daemon/hardware/detect.ts';
import { listProfiles } from '../../../daemon/hardware/profiles.ts';
import { MEMINFO, machine, WEAK_PI_4 } from './machine.ts';

const profiles = listProfiles();
const GiB = 2 ** 30;

describe('a board is known by its model text', () => {
  it.each([
    ['Raspberry Pi Zero 2 W Rev 1.0', 'raspberry-pi-zero-2w'],
    ['Raspberry Pi Zero 2 Rev 1.0', 'raspberry-pi-zero-2w'],
    ['Raspberry Pi 3 Model A Plus Rev 1.0', 'raspberry-pi-zero-2w'],
    ['Raspberry Pi 3 Model B Rev 1.2', 'raspberry-pi-3'],
    ['Raspberry Pi 3 Model B Plus Rev 1.3', 'raspberry-pi-3'],
    ['Raspberry Pi Compute Module 3 Plus Rev 1.0', 'raspberry-pi-3'],
    ['Raspberry Pi 4 Model B Rev 1.4', 'raspberry-pi-4'],
    ['Raspberry Pi 400 Rev 1.0', 'raspberry-pi-4'],
    ['Raspberry Pi Compute Module 4 Rev 1.1', 'raspberry-pi-cm4'],
    ['Raspberry Pi Compute Module 4S Rev 1.0', 'raspberry-pi-cm4'],
    ['Raspberry Pi 5 Model B Rev 1.0', 'raspberry-pi-5'],
    ['Raspberry Pi 500 Rev 1.0', 'raspberry-pi-5'],
    ['Raspberry Pi Compute Module 5 Rev 1.0', 'raspberry-pi-5'],
    ['Orange Pi 5', 'orange-pi-5'],
    ['Xunlong Orange Pi 5 Plus', 'orange-pi-5'],
    ['Xunlong Orange Pi 5 Max', 'orange-pi-5'],
    ['Radxa ROCK 5B', 'rock-5b'],
    ['Radxa ROCK 5B+', 'rock-5b'],
    ['Radxa ROCK 5 Model B', 'rock-5b'],
    ['Hardkernel ODROID-N2', 'odroid-n2'],
    ['Hardkernel ODROID-N2Plus', 'odroid-n2'],
    ['NVIDIA Jetson Nano Developer Kit', 'jetson-nano'],
    ['NVIDIA Jetson Nano 2GB Developer Kit', 'jetson-nano'],
    ['BeagleBoard.org BeaglePlay', 'beagleplay'],
  ])('%s: %s', (model, name) => {
    const named = profiles.filter(({ match }) => match.models.some((pattern) => new RegExp(pattern, 'i').test(model)));
    expect(named.map((profile) => profile.name)).toEqual([name]);
    expect(chooseProfile(profiles, { model, compatible: [], architecture: 'arm64' })).toMatchObject({
      profile: { name },
      reason: `The device tree says "${model}".`,
    });
  });

  it('not by a model that only begins alike', () => {
    for (const model of [
      'Raspberry Pi 2 Model B',
      'Raspberry Pi Zero W Rev 1.1',
      'Xunlong Orange Pi Zero 2',
      'NVIDIA Jetson Xavier',
    ]) {
      const { profile } = chooseProfile(profiles, {
        model,
        compatible: [],
        architecture: 'arm64',
        memoryBytes: 2 * GiB,
      });
      expect(profile.name, model).toBe('generic-arm64');
    }
  });
});

describe('a board without a known model', () => {
  it('is known by what its device tree is compatible with', () => {
    const facts = { model: 'Our Own Box', compatible: ['our,box', 'raspberrypi,4-compute-module', 'brcm,bcm2711'] };
    expect(chooseProfile(profiles, { ...facts, architecture: 'arm64' })).toMatchObject({
      profile: { name: 'raspberry-pi-cm4' },
      reason: 'The device tree lists "raspberrypi,4-compute-module" as compatible.',
    });
  });

  it('is known by architecture and memory, and the reason says so', () => {
    const choose = (architecture: string, memoryBytes?: number): [string, string] => {
      const facts = { compatible: [], architecture, ...(memoryBytes === undefined ? {} : { memoryBytes }) };
      const { profile, reason } = chooseProfile(profiles, facts);
      return [profile.name, reason];
    };
    expect(choose('x64', 16 * GiB)).toEqual([
      'generic-x64',
      'The board does not say what it is; x64 with 16.0 GiB of memory suits this profile.',
    ]);
    expect(choose('arm64', 4 * GiB)[0]).toBe('generic-arm64');
    expect(choose('arm64')[0]).toBe('generic-arm64');
    expect(choose('arm64', GiB / 2)[0]).toBe('raspberry-pi-zero-2w');
    expect(choose('riscv64', 8 * GiB)).toEqual([
      'generic-arm64',
      'The board does not say what it is and no profile is for riscv64 with 8.0 GiB of memory; this one is careful.',
    ]);
  });
});

describe('detectProfile', () => {
  it('reads a NUL-terminated model', () => {
    using pi = machine(WEAK_PI_4);
    expect(detectProfile({ root: pi.root })).toMatchObject({
      profile: { name: 'raspberry-pi-4' },
      reason: 'The device tree says "Raspberry Pi 4 Model B Rev 1.4".',
    });
  });

  it('reads memory where there is no device tree', () => {
    using pc = machine({ 'proc/meminfo': MEMINFO });
    expect(detectProfile({ root: pc.root, architecture: 'x64' }).reason).toContain('x64 with 3.7 GiB of memory');
  });

  it('is content with nothing and with garbage', () => {
    using empty = machine();
    expect(detectProfile({ root: empty.root, architecture: 'x64' }).profile.name).toBe('generic-x64');
    using odd = machine({
      'proc/device-tree/model': '\0\0\xff',
      'proc/device-tree/compatible': '\0',
      'proc/meminfo': '?',
    });
    expect(detectProfile({ root: odd.root, architecture: 'arm64' }).profile.name).toBe('generic-arm64');
  });

  it('finds a profile for this machine', () => {
    expect(profiles.map(({ name }) => name)).toContain(detectProfile().profile.name);
  });
});
