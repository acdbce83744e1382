// The shape of a Home Assistant device discovery message (one retained config per device), and what all of ours
// share. The rules are those of Home Assistant's MQTT integration; test/daemon/telemetry checks against them.

import type { Components } from '../ledger.ts';
import { type Topics, topicLevel } from '../topics.ts';

export interface AvailabilityTopic {
  topic: string;
  value_template: string;
}

/** One entity. Keys as Home Assistant names them. */
export interface ComponentOptions {
  platform: 'binary_sensor' | 'button' | 'event' | 'image' | 'sensor';
  name: string;
  availability?: AvailabilityTopic[];
  command_topic?: string;
  content_type?: string;
  device_class?: string;
  enabled_by_default?: boolean;
  entity_category?: 'config' | 'diagnostic';
  event_types?: string[];
  icon?: string;
  image_topic?: string;
  json_attributes_template?: string;
  json_attributes_topic?: string;
  options?: string[];
  payload_press?: string;
  state_class?: 'measurement' | 'total_increasing';
  state_topic?: string;
  suggested_display_precision?: number;
  unit_of_measurement?: string;
  value_template?: string;
}

export interface Component extends ComponentOptions {
  unique_id: string;
}

export interface DeviceConfig {
  device: {
    identifiers: string[];
    name: string;
    manufacturer: string;
    model: string;
    sw_version: string;
    configuration_url?: string;
    via_device?: string;
  };
  origin: { name: string; sw_version: string; support_url?: string };
  availability: AvailabilityTopic[];
  availability_mode: 'all';
  state_topic: string;
  qos: 1;
  components: Record<string, Component>;
}

/** A device and the topic its config is retained on. */
export interface Discovery {
  topic: string;
  config: DeviceConfig;
}

/** What every device of a node is built from. */
export interface DiscoveryContext {
  prefix: string;
  topics: Topics;
  nodeId: string;
  nodeName: string;
  version: string;
  /** Address of the status page, when it is served over TCP. */
  page: string | undefined;
}

export const MANUFACTURER = 'parlmesh';

/** Identifier of the node's own device, which cameras and agents name as `via_device`. */
export function nodeDeviceId(nodeId: string): string {
  return `parlmesh_${topicLevel(nodeId)}`;
}

export function discoveryTopic(prefix: string, deviceId: string): string {
  return `${prefix}/device/${deviceId}/config`;
}

/** Who made the message. The node's own API reference is where support starts: it is there without the internet. */
export function origin(context: DiscoveryContext): DeviceConfig['origin'] {
  const { page, version } = context;
  return {
    name: 'parlmesh',
    sw_version: version,
    ...(page === undefined ? {} : { support_url: new URL('/docs', page).href }),
  };
}

/** The parts of a device's config that are the same for the node, its cameras and its agents. */
export function deviceConfig(
  context: DiscoveryContext,
  device: { id: string; name: string; model: string; isNode?: true },
  rest: Pick<DeviceConfig, 'availability' | 'state_topic' | 'components'>,
): Discovery {
  const config: DeviceConfig = {
    device: {
      identifiers: [device.id],
      name: device.name,
      manufacturer: MANUFACTURER,
      model: device.model,
      sw_version: context.version,
      ...(context.page === undefined ? {} : { configuration_url: context.page }),
      ...(device.isNode ? {} : { via_device: nodeDeviceId(context.nodeId) }),
    },
    origin: origin(context),
    availability: rest.availability,
    availability_mode: 'all',
    state_topic: rest.state_topic,
    qos: 1,
    components: rest.components,
  };
  return { topic: discoveryTopic(context.prefix, device.id), config };
}

/**
 * Available while `topic` says "online". A template, since Home Assistant ignores payloads that are neither of its
 * two: `stopped` would leave the entity as it was.
 */
export function availableWhileOnline(topic: string): AvailabilityTopic {
  return { topic, value_template: "{{ 'online' if value == 'online' else 'offline' }}" };
}

/** Component id → platform, for the ledger. */
export function componentsOf(config: DeviceConfig): Components {
  return new Map(Object.entries(config.components).map(([id, component]) => [id, component.platform]));
}

/** The config as JSON. Components in `removed` hold only their platform, which makes Home Assistant delete them. */
export function encode(config: DeviceConfig, removed: Components = new Map()): string {
  const removals = Object.fromEntries([...removed].map(([id, platform]) => [id, { platform }]));
  return JSON.stringify({ ...config, components: { ...removals, ...config.components } });
}

/** Gives each component its unique id, which follows from the device's. */
export function withUniqueIds(
  deviceId: string,
  components: Record<string, ComponentOptions>,
): Record<string, Component> {
  return Object.fromEntries(
    Object.entries(components).map(([id, component]) => [id, { ...component, unique_id: `${deviceId}_${id}` }]),
  );
}
