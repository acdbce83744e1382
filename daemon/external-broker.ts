// The broker that the configuration names, as it is shown and as the mesh may use it.

import type { OwnBroker } from '../agents/kinds/mqtt-bridge.ts';
import type { EffectiveConfig } from './config/effective.ts';
import { redactText } from './config/redact.ts';

/** The configured brokers without their credentials. */
export function externalBrokerShown({ mqtt }: EffectiveConfig): string | undefined {
  if (mqtt.url === undefined || !mqtt.enabled) return undefined;
  return [mqtt.url].flat().map(redactText).join(', ');
}

/** The brokers that the mesh may use too; the embedded one reaches nobody. */
export function externalBroker({ mqtt }: EffectiveConfig) {
  if (mqtt.url === undefined || !mqtt.enabled) return {};
  return {
    mqtt: {
      urls: [mqtt.url].flat(),
      ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
      ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
    },
  };
}

/** The broker that this node runs or uses, for its bridges. */
export function ownBroker({ mqtt }: EffectiveConfig, embeddedUrl: string | undefined): OwnBroker | undefined {
  const url = mqtt.url === undefined ? embeddedUrl : [mqtt.url].flat()[0];
  return !mqtt.enabled || url === undefined ? undefined : { url, username: mqtt.username, password: mqtt.password };
}
