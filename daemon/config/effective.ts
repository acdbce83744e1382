// What the daemon runs on: the configuration with everything that it leaves open taken from the board's profile. Pure.

import { type CameraConfig, type Looking, lookingOf } from '../../vision/config.ts';
import type { Profile } from '../hardware/profile.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './schema.ts';

export interface EffectiveConfig extends Config {
  name: string;
  store: Config['store'] & { flushInterval: number };
  swarm: Config['swarm'] & { agents: { max: number } };
  vision: Config['vision'] & { detector: string; threads: number };
  cameras: (CameraConfig & Looking)[];
}

/** @param hostName the node's name when the configuration gives none */
export function effectiveConfig(
  { config, explicit }: Pick<LoadedConfig, 'config' | 'explicit'>,
  profile: Profile,
  hostName: string,
): EffectiveConfig {
  const { mesh, store, swarm, vision } = config;
  return {
    ...config,
    name: config.name ?? hostName,
    mesh: {
      ...mesh,
      preset: explicit.has('mesh.preset') ? mesh.preset : profile.meshPreset,
      maxPeers: explicit.has('mesh.maxPeers') ? mesh.maxPeers : profile.maxPeers,
    },
    store: { ...store, flushInterval: store.flushInterval ?? profile.flushInterval },
    swarm: {
      ...swarm,
      agents: { ...swarm.agents, max: Math.max(swarm.agents.min, swarm.agents.max ?? profile.workers) },
    },
    vision: {
      ...vision,
      detector: vision.detector ?? profile.detector,
      threads: vision.threads ?? profile.inferenceThreads,
    },
    cameras: config.cameras.map((camera) => ({ ...camera, ...lookingOf(camera, profile.framesPerSecond) })),
  };
}
