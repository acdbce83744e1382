// What a reload changes, and which of it a running daemon can take. Pure; `daemon/node.ts` hands the applied part on.

import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.ts';
import { SETTINGS } from './settings.ts';
import { valueAt } from './tree.ts';

/**
 * Settings (or groups of them) that a running daemon takes: their services read them anew for each piece of work, or
 * can be told. Everything else is bound at the start: sockets, folders, the profile, the identity of the node.
 */
const LIVE: readonly string[] = [
  'log.level',
  'mqtt.stateInterval',
  'store.maxBytes',
  'store.keepDays',
  'store.backupInterval',
  'store.backupsKept',
  'store.writeBudgetPerHour',
  'hardware.interval',
  'agents',
  'vision.snapshots',
  'mapek.mode',
  'mapek.atOnce',
  'mapek.actionsPerSubject',
  'mapek.actionsPerNode',
  'mapek.stormActions',
  'mapek.stormPause',
  'mapek.relapseWithin',
  'mapek.questionDays',
  'mapek.restartUnits',
  'mapek.restartSelf',
  'mapek.webhook',
  'mapek.quietHours',
  'anomalies.falseAlarmsPerDay',
  'anomalies.quietHours',
  'cameras',
];

export interface ConfigChange {
  /** Changed settings that take effect now: `['cameras', 'log.level']`. */
  applied: string[];
  /** Changed settings that take effect at the next start. */
  needRestart: string[];
}

export function isLive(path: string): boolean {
  return LIVE.some((live) => path === live || path.startsWith(`${live}.`));
}

export function compareConfigs(running: Config, next: Config): ConfigChange {
  const changed = SETTINGS.map(({ path }) => path).filter(
    (path) => !isDeepStrictEqual(valueAt(running, path), valueAt(next, path)),
  );
  const isTaken = (path: string): boolean => isLive(path) && !(path === 'mapek.mode' && isSwitched(running, next));
  return { applied: changed.filter(isTaken), needRestart: changed.filter((path) => !isTaken(path)) };
}

/** The loop begins and ends with the daemon. */
const isSwitched = (running: Config, next: Config): boolean =>
  (running.mapek.mode === 'off') !== (next.mapek.mode === 'off');

/** Makes `target`, which services read again and again, what `next` is. */
export function takeOver<T extends object>(target: T, next: T): void {
  for (const key of Object.keys(target)) if (!(key in next)) Reflect.deleteProperty(target, key);
  Object.assign(target, next);
}

/** What may run on: `next` where it is live, `running` elsewhere. */
export function liveConfig(running: Config, next: Config): Config {
  return {
    ...running,
    log: { ...running.log, level: next.log.level },
    mqtt: { ...running.mqtt, stateInterval: next.mqtt.stateInterval },
    store: {
      ...running.store,
      maxBytes: next.store.maxBytes,
      keepDays: next.store.keepDays,
      backupInterval: next.store.backupInterval,
      backupsKept: next.store.backupsKept,
      writeBudgetPerHour: next.store.writeBudgetPerHour,
    },
    hardware: { ...running.hardware, interval: next.hardware.interval },
    agents: next.agents,
    vision: { ...running.vision, snapshots: next.vision.snapshots },
    mapek: {
      ...next.mapek,
      mode: isSwitched(running, next) ? running.mapek.mode : next.mapek.mode,
      helpNeighbours: running.mapek.helpNeighbours,
    },
    anomalies: { ...next.anomalies, enabled: running.anomalies.enabled },
    cameras: next.cameras,
  };
}
