// The media that a node speaks over, as its configuration says.

import type { Millis } from '../core/clock.ts';
import type { MeshConfig } from './config.ts';
import type { SigningKey } from './membership/keys.ts';
import type { Credentials } from './membership/network.ts';
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
}

const HANDSHAKE_TIMEOUT: Millis = 5000;
const MQTT_RECONNECT: Millis = 2000;

export function createTransports(parts: TransportsParts, { network, networkKey }: Credentials): Transport[] {
  const { config, key, listenIsExplicit, version, mqtt } = parts;
  if (!config.enabled) return [];
  const transports: Transport[] = [
    new Libp2pTransport({
      privateKey: key.forLibp2p(),
      networkId: network.id,
      networkKey,
      listen: config.listen,
      mayListenElsewhere: !listenIsExplicit,
      announce: config.announce,
      mdns: config.mdns,
      maxPeers: config.maxPeers,
      version,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
    }),
  ];
  if (config.mqttTransport && mqtt !== undefined) {
    transports.push(
      new MqttTransport({ ...mqtt, networkId: network.id, nodeId: key.nodeId, reconnectPeriod: MQTT_RECONNECT }),
    );
  }
  return transports;
}
