// The configuration of a node that runs: read again, and taken by the services for which it may change without a restart.

import { hostname } from 'node:os';
import { messageOf } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { VisionProcessor } from '../vision/processor.ts';
import { type EffectiveConfig, effectiveConfig } from './config/effective.ts';
import type { LoadedConfig } from './config/load.ts';
import { nodeNameOf } from './config/node-name.ts';
import { type ConfigChange, compareConfigs, liveConfig, takeOver } from './config/reload.ts';
import type { Detection } from './hardware/detect.ts';
import type { RootLogger } from './log.ts';
import type { MqttTelemetry } from './telemetry/publisher.ts';
import type { Workforce } from './workforce.ts';

export interface LiveConfigParts {
  loaded: LoadedConfig;
  /** Reads the configuration anew. */
  loadAgain: () => LoadedConfig;
  profile: Detection['profile'];
  /** What services read again and again: a reload writes into it. */
  config: EffectiveConfig;
  workforce: Workforce;
  vision: VisionProcessor;
  telemetry: MqttTelemetry;
  logger: RootLogger;
  journal: Journal;
}

export class LiveConfig {
  readonly #parts: LiveConfigParts;
  #loaded: LoadedConfig;

  constructor(parts: LiveConfigParts) {
    this.#parts = parts;
    this.#loaded = parts.loaded;
  }

  /**
   * Takes what may change while running, and names what needs a restart.
   * @param change makes the next configuration from the present one; without it, the file is read again
   */
  async reload(change?: (loaded: LoadedConfig) => LoadedConfig): Promise<ConfigChange> {
    const { profile, config, workforce, telemetry, vision, logger } = this.#parts;
    const given = change === undefined ? this.#readAgain() : change(this.#loaded);
    const compared = compareConfigs(this.#loaded.config, given.config);
    this.#loaded = { ...given, config: liveConfig(this.#loaded.config, given.config) };
    const next = effectiveConfig(this.#loaded, profile, nodeNameOf(hostname()));
    const intervalChanged = next.hardware.interval !== config.hardware.interval;
    Object.assign(config.store, next.store);
    Object.assign(config.vision.snapshots, next.vision.snapshots);
    takeOver(config.mapek, next.mapek);
    takeOver(config.anomalies, next.anomalies);
    workforce.anomalies.desk.configure();
    config.log = next.log;
    config.hardware = next.hardware;
    config.agents = next.agents;
    config.mqtt.stateInterval = next.mqtt.stateInterval;
    logger.level = next.log.level;
    workforce.supervisor.configure(next.agents);
    await workforce.configured.apply(next.agents);
    telemetry.setStateInterval(next.mqtt.stateInterval);
    if (intervalChanged) await workforce.builtIn.setHardwareInterval(next.hardware.interval * 1000);
    if (compared.applied.includes('cameras')) {
      config.cameras = next.cameras;
      await workforce.builtIn.replaceCameras(watchedCameras(config), () => vision.setCameras(next.cameras));
    }
    this.#tell(compared);
    return compared;
  }

  #tell({ applied, needRestart }: ConfigChange): void {
    const isLeft = needRestart.length > 0;
    const message =
      `Configuration read again: ${applied.join(', ') || 'nothing'} changed` +
      (isLeft ? `; a restart is needed for ${needRestart.join(', ')}` : '');
    const severity = isLeft ? 'warning' : 'info';
    this.#parts.journal.record({ severity, kind: 'config.reloaded', subject: 'node', message });
  }

  #readAgain(): LoadedConfig {
    try {
      return this.#parts.loadAgain();
    } catch (thrown) {
      this.#parts.journal.record({
        severity: 'error',
        kind: 'config.refused',
        subject: 'node',
        message: `The configuration was not taken, the old one stays: ${messageOf(thrown)}`,
      });
      throw thrown;
    }
  }
}

/** Names of the cameras that are looked through. */
export function watchedCameras({ vision, cameras }: EffectiveConfig): string[] {
  return vision.enabled ? cameras.map(({ name }) => name) : [];
}
