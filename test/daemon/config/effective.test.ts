import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../../daemon/config/effective.ts';
import { loadConfig } from '../../../daemon/config/load.ts';
import { showProfile } from '../../../daemon/hardware/profiles.ts';

const profile = showProfile('raspberry-pi-zero-2w');

describe('effectiveConfig', () => {
  it('takes from the profile what nobody set', () => {
    const loaded = loadConfig({
      env: {},
      flags: { cameras: '[{"name":"a","source":"rendered:"}]' },
      defaultFile: '/nowhere.yaml',
    });
    const config = effectiveConfig(loaded, profile, 'shed');
    expect(config).toMatchObject({
      name: 'shed',
      mesh: { preset: profile.meshPreset, maxPeers: profile.maxPeers },
      store: { flushInterval: profile.flushInterval },
      vision: { detector: profile.detector, threads: profile.inferenceThreads },
      cameras: [{ name: 'a', framesPerSecond: profile.framesPerSecond }],
    });
  });

  it('keeps what somebody set, also where it equals the default', () => {
    const loaded = loadConfig({
      env: {},
      flags: {
        name: 'barn',
        'mesh.maxPeers': '64',
        'mesh.preset': 'sparse',
        'store.flushInterval': '0.1',
        'vision.threads': '3',
        cameras: '[{"name":"a","source":"rendered:","framesPerSecond":9}]',
      },
      defaultFile: '/nowhere.yaml',
    });
    expect(effectiveConfig(loaded, profile, 'shed')).toMatchObject({
      name: 'barn',
      mesh: { preset: 'sparse', maxPeers: 64 },
      store: { flushInterval: 0.1 },
      vision: { threads: 3, detector: profile.detector },
      cameras: [{ framesPerSecond: 9 }],
    });
  });
});
