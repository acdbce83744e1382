// The media that a node speaks over, as its configuration says.

import type { Clock, Millis } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { MeshConfig } from './config.ts';
import type { Impairments } from './impairments.ts';
import type { SigningKey } from './membership/keys.ts';
import type { Credentials } from './membership/network.ts';
import { ImpairedTransport } from './transport/impaired.ts';
import { Libp2pTransport } from './transport/libp2p.ts';
import { MqttTransport } from './transport/mqtt.ts';
import type { Transport } from './transport/transport.ts';

export interface TransportsParts {
  config: MeshConfig;
  /** `mesh.listen` was set by somebody: a taken port is then an error, not a reason to take another. */
  listenIsExplicit: boolean;
  key: SigningKey;
  version: string;
  /** The brokers of `mqtt.url`, the preferred one first; undefined when it is the embedded one. */
  mqtt?: { urls: readonly string[]; username?: string; password?: string };
  /** Links can be made worse by it; left out, they cannot. */
  impairments?: Impairments;
  clock: Clock;
  random: Random;
}

const HANDSHAKE_TIMEOUT: Millis = 5000;

/** @param networkKeys those that count now, the newest first */
export function createTransports(
  parts: TransportsParts,
  network: Credentials['network'],
  networkKeys: () => readonly Uint8Array[],
): Transport[] {
  const { config, key, listenIsExplicit, version, mqtt, impairments, clock, random } = parts;
  if (!config.enabled) return [];
  const libp2p = new Libp2pTransport({
    privateKey: key.forLibp2p(),
    networkId: network.id,
    networkKeys,
    listen: config.listen,
    mayListenElsewhere: !listenIsExplicit,
    announce: config.announce,
    mdns: config.mdns,
    maxPeers: config.maxPeers,
    version,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
  });
  const transports: Transport[] = [
    impairments === undefined
      ? libp2p
      : new ImpairedTransport(libp2p, { self: key.nodeId, impairments, clock, random }),
  ];
  if (config.mqttTransport && mqtt !== undefined) {
    transports.push(new MqttTransport({ ...mqtt, networkId: network.id, nodeId: key.nodeId, clock, random }));
  }
  return transports;
}
