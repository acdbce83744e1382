// The broker, other services, the store, the clock.

import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { RepairHands } from '../../../agents/mapek/action.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { ClipFolder } from '../../cameras/clip-folder.ts';
import type { Lifecycle } from '../../lifecycle.ts';
import { listBackups, problemsOf } from '../../store/backups.ts';
import type { Store } from '../../store/store.ts';
import { isLoopback } from '../../telemetry/broker.ts';
import type { MqttTelemetry } from '../../telemetry/publisher.ts';
import type { MapekConfig } from '../config.ts';
import { restartUnits } from './systemd-units.ts';

export interface ServiceHandsParts {
  dataDir: string;
  lifecycle: Pick<Lifecycle, 'statuses' | 'restart'>;
  telemetry: Pick<MqttTelemetry, 'reconnect'>;
  /** Addresses of the brokers that the configuration names. */
  brokers: readonly string[];
  /** In force; a reload changes what is in it. */
  config: Pick<MapekConfig, 'restartUnits'>;
  /** Is there while systemd runs: see sd_booted(3). */
  systemd?: string;
  store: Pick<Store, 'freeSpace' | 'restore'>;
  clips: Pick<ClipFolder, 'freeSpace'>;
}

/** What else stands on them, or what they are is for people to settle; the agents are restarted one by one. */
const NOT_RESTARTED = new Set(['store', 'oracle', 'mesh', 'agents', 'mapek', 'metrics']);
/** History that is left when space is needed. */
const KEPT_SHARE = 0.25;

export function serviceHands(parts: ServiceHandsParts): RepairHands {
  const { lifecycle, telemetry, store, clips, dataDir, brokers, config, systemd = '/run/systemd/system' } = parts;
  const statusOf = (name: string) => lifecycle.statuses().find((status) => status.name === name);
  const reconnect = async (next: boolean): Promise<string> => {
    const status = statusOf('mqtt');
    // One that never came up has no connection yet: it is started.
    if (status?.state.kind === 'degraded' && status.state.nextAttemptAt !== undefined) await lifecycle.restart('mqtt');
    else await telemetry.reconnect({ next });
    return 'MQTT is connected again';
  };
  const hasMqtt = (): true | string => statusOf('mqtt') !== undefined || 'MQTT is switched off on this node';
  const brokerUnits = (): string[] => config.restartUnits.filter((one) => one.for === 'broker').map(({ unit }) => unit);
  return {
    'mqtt.reconnect': { precondition: hasMqtt, carryOut: () => reconnect(false) },
    'broker.rotate': {
      precondition: () => (brokers.length > 1 ? hasMqtt() : 'mqtt.url names no second broker'),
      carryOut: () => reconnect(true),
    },
    'process.restart-service': {
      precondition: ({ subject }) => {
        const name = serviceOf(subject);
        const status = statusOf(name);
        if (status === undefined) return `this node has no service ${name}`;
        if (NOT_RESTARTED.has(name) || status.required) return `what else runs stands on ${name}`;
        return status.state.kind === 'running' || status.state.kind === 'degraded' || `${name} is ${status.state.kind}`;
      },
      carryOut: async ({ subject }) => {
        const name = serviceOf(subject);
        // What MQTT stands on here is the node's own broker.
        const names = name === 'mqtt' && statusOf('broker') !== undefined ? ['broker', 'mqtt'] : [name];
        for (const each of names) await lifecycle.restart(each);
        return `${names.join(' and ')} stopped, started again and run`;
      },
    },
    'process.restart-unit': {
      precondition: () => {
        if (brokerUnits().length === 0) return 'mapek.restartUnits names no unit of a broker';
        if (!brokers.some(isOnThisHost)) return 'no broker of mqtt.url is on this host';
        return existsSync(systemd) ? hasMqtt() : 'systemd does not run here';
      },
      carryOut: async (_symptom, _why, signal) => {
        const said = await restartUnits(brokerUnits(), signal);
        // It may not listen yet: the connection goes on looking for it, and that it is there is seen by itself.
        await reconnect(false).catch(() => {});
        return said;
      },
    },
    'store.free-space': {
      precondition: () => true,
      carryOut: async () => {
        const before = await freeBytes(dataDir);
        await clips.freeSpace(KEPT_SHARE);
        await store.freeSpace(KEPT_SHARE);
        const freed = (await freeBytes(dataDir)) - before;
        if (freed <= 0)
          throw new ParlmeshError('REPAIR_FAILED', 'nothing of this node could be deleted: others use the disk');
        return `${(freed / 1e6).toFixed(1)} MB were freed: old clips and history, set-aside files, older backups`;
      },
    },
    'store.restore-backup': {
      precondition: () => listBackups(dataDir).length > 0 || 'there is no backup',
      carryOut: async () => {
        const sound = listBackups(dataDir).find(({ file }) => problemsOf(file).length === 0);
        if (sound === undefined) throw new ParlmeshError('REPAIR_IMPOSSIBLE', 'no backup is sound');
        const { replaced } = await store.restore(sound.file);
        const kept = replaced === undefined ? '' : `; what was there is kept as ${replaced}`;
        return `The store is the backup of ${new Date(sound.at).toISOString()}${kept}`;
      },
    },
    // Everything here keeps time by the monotonic clock; what carries wall-clock times (certificates, envelopes, retention)
    // reads it anew. There is nothing to set right but the word of it.
    'clock.step-tolerate': {
      precondition: () => true,
      carryOut: async () => 'Timers go by the monotonic clock and were not moved; times from now on are by the new one',
    },
  };
}

function isOnThisHost(broker: string): boolean {
  return URL.canParse(broker) && isLoopback(new URL(broker).hostname.replace(/^\[(.*)\]$/, '$1'));
}

function serviceOf(subject: string): string {
  return subject.replace(/^service\//, '');
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
