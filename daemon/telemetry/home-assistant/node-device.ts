// The node as a Home Assistant device: its health, its hardware, its mesh.

import type { FederationView } from '../../view/federation-schema.ts';
import type { HardwareView, NodeView } from '../../view/schema.ts';
import { anomalyComponents } from './anomaly-components.ts';
import {
  availableWhileOnline,
  type ComponentOptions,
  type Discovery,
  type DiscoveryContext,
  deviceConfig,
  nodeDeviceId,
  withUniqueIds,
} from './device.ts';
import { federationComponents } from './federation-components.ts';

/** Entities for what this board cannot measure are left out. */
export function nodeDevice(
  context: DiscoveryContext,
  node: NodeView,
  hardware: HardwareView | undefined,
  federation: FederationView | undefined,
): Discovery {
  const id = nodeDeviceId(context.nodeId);
  const components = {
    ...stateComponents(context.topics.state),
    ...jobComponents(context.topics.swarm),
    ...correctionComponents(context.topics.corrections),
    ...anomalyComponents(context.topics.anomalies),
    ...incidentComponents(context.topics.incidents),
    ...federationComponents(context.topics.federation, federation),
    ...(hardware === undefined ? {} : hardwareComponents(context.topics.hardware, hardware)),
  };
  return deviceConfig(
    context,
    { id, name: context.nodeName, model: node.profile.title, isNode: true },
    {
      availability: [availableWhileOnline(context.topics.availability)],
      state_topic: context.topics.state,
      components: withUniqueIds(id, components),
    },
  );
}

function stateComponents(stateTopic: string): Record<string, ComponentOptions> {
  return {
    problem: {
      platform: 'binary_sensor',
      name: 'Problem',
      device_class: 'problem',
      value_template: "{{ 'ON' if value_json.health.state == 'degraded' else 'OFF' }}",
      json_attributes_topic: stateTopic,
      json_attributes_template: "{{ {'problems': value_json.health.problems} | tojson }}",
    },
    health: {
      platform: 'sensor',
      name: 'Health',
      icon: 'mdi:heart-pulse',
      // Home Assistant takes no state above 255 characters.
      value_template: '{{ value_json.health.sentence[:255] }}',
    },
    degraded: {
      platform: 'sensor',
      name: 'Degraded services',
      icon: 'mdi:alert-circle-outline',
      state_class: 'measurement',
      entity_category: 'diagnostic',
      value_template: '{{ value_json.degraded | length }}',
      json_attributes_topic: stateTopic,
      json_attributes_template: "{{ {'services': value_json.degraded} | tojson }}",
    },
    started: {
      platform: 'sensor',
      name: 'Started',
      device_class: 'timestamp',
      entity_category: 'diagnostic',
      value_template: '{{ value_json.startedAt }}',
    },
    peers_connected: {
      platform: 'sensor',
      name: 'Peers connected',
      icon: 'mdi:lan-connect',
      state_class: 'measurement',
      value_template: '{{ value_json.peers.connected }}',
    },
    nodes_reachable: {
      platform: 'sensor',
      name: 'Nodes reachable',
      icon: 'mdi:graph-outline',
      state_class: 'measurement',
      value_template: '{{ value_json.peers.reachable }}',
    },
  };
}

function jobComponents(topic: string): Record<string, ComponentOptions> {
  return {
    jobs_running: {
      platform: 'sensor',
      name: 'Jobs running',
      icon: 'mdi:graph',
      state_class: 'measurement',
      state_topic: topic,
      value_template: '{{ value_json.running }}',
    },
    tasks_waiting: {
      platform: 'sensor',
      name: 'Tasks waiting',
      icon: 'mdi:tray-full',
      state_class: 'measurement',
      entity_category: 'diagnostic',
      state_topic: topic,
      value_template: '{{ value_json.ready }}',
      json_attributes_topic: topic,
      json_attributes_template:
        "{{ {'scheduler': value_json.scheduler, 'why': value_json.why, 'workers': value_json.workers} | tojson }}",
    },
    last_job: {
      platform: 'sensor',
      name: 'Last job',
      icon: 'mdi:flag-checkered',
      state_topic: topic,
      value_template: "{{ value_json.last.state if value_json.last else 'none' }}",
      ...attributesOfLast(topic),
    },
  };
}

function correctionComponents(topic: string): Record<string, ComponentOptions> {
  return {
    corrections: {
      platform: 'sensor',
      name: 'Corrections under way',
      icon: 'mdi:wrench-clock',
      state_class: 'measurement',
      state_topic: topic,
      value_template: '{{ value_json.open }}',
      ...attributesOfLast(topic),
    },
    operator_asked: {
      platform: 'binary_sensor',
      name: 'Operator is asked for',
      icon: 'mdi:account-question',
      state_topic: topic,
      value_template: "{{ 'ON' if value_json.asked > 0 else 'OFF' }}",
      ...attributesOfLast(topic),
    },
  };
}

function incidentComponents(topic: string): Record<string, ComponentOptions> {
  return {
    incidents: {
      ...{ platform: 'sensor', name: 'Incidents under repair', icon: 'mdi:hospital-box-outline' },
      ...{ state_class: 'measurement', state_topic: topic, value_template: '{{ value_json.open }}' },
      ...attributesOfLast(topic),
    },
    incident_asked: {
      ...{ platform: 'binary_sensor', name: 'A repair needs an answer', icon: 'mdi:comment-question-outline' },
      ...{ state_topic: topic, value_template: "{{ 'ON' if value_json.asked > 0 else 'OFF' }}" },
      ...attributesOfLast(topic),
    },
  };
}

/** What is told of the last one. */
function attributesOfLast(topic: string): Pick<ComponentOptions, 'json_attributes_topic' | 'json_attributes_template'> {
  return { json_attributes_topic: topic, json_attributes_template: '{{ (value_json.last or {}) | tojson }}' };
}

function hardwareComponents(topic: string, hardware: HardwareView): Record<string, ComponentOptions> {
  const components: Record<string, ComponentOptions> = {
    cpu: share(topic, 'Processor use', 'mdi:cpu-64-bit', 'value_json.cpu.load'),
    memory: share(
      topic,
      'Memory use',
      'mdi:memory',
      '(1 - value_json.memory.availableBytes / value_json.memory.totalBytes)',
    ),
    disk: share(topic, 'Disk use', 'mdi:harddisk', '(1 - value_json.disk.availableBytes / value_json.disk.totalBytes)'),
    event_loop_delay: {
      platform: 'sensor',
      name: 'Event loop delay',
      device_class: 'duration',
      unit_of_measurement: 's',
      state_class: 'measurement',
      suggested_display_precision: 3,
      entity_category: 'diagnostic',
      enabled_by_default: false,
      state_topic: topic,
      value_template: '{{ value_json.eventLoopDelaySeconds }}',
    },
  };
  if (hardware.temperatureCelsius !== undefined) {
    components.temperature = {
      platform: 'sensor',
      name: 'Temperature',
      device_class: 'temperature',
      unit_of_measurement: '°C',
      state_class: 'measurement',
      suggested_display_precision: 1,
      state_topic: topic,
      value_template: '{{ value_json.temperatureCelsius }}',
    };
  }
  if (hardware.throttling !== undefined) {
    components.under_voltage = problem(topic, 'Under-voltage', 'value_json.throttling.underVoltage');
    components.throttled = problem(topic, 'Throttled', 'value_json.throttling.throttled');
  }
  if (hardware.battery !== undefined) {
    components.battery = {
      platform: 'sensor',
      name: 'Battery',
      device_class: 'battery',
      unit_of_measurement: '%',
      state_class: 'measurement',
      suggested_display_precision: 0,
      state_topic: topic,
      value_template: '{{ (value_json.battery.charge * 100) | round(1) }}',
    };
    components.battery_discharging = {
      platform: 'binary_sensor',
      name: 'On battery',
      icon: 'mdi:battery-arrow-down',
      entity_category: 'diagnostic',
      state_topic: topic,
      value_template: "{{ 'ON' if value_json.battery.discharging else 'OFF' }}",
    };
  }
  if (hardware.power !== undefined) {
    components.power = {
      platform: 'sensor',
      name: 'Power',
      device_class: 'enum',
      options: ['awake', 'resting', 'low', 'critical'],
      icon: 'mdi:power-sleep',
      state_topic: topic,
      value_template: '{{ value_json.power.state }}',
    };
  }
  if (hardware.disk.wear !== undefined) {
    components.disk_wear = share(topic, 'Disk wear', 'mdi:sd', 'value_json.disk.wear');
  }
  return components;
}

/** A share of 0 to 1, shown in percent. */
function share(topic: string, name: string, icon: string, expression: string): ComponentOptions {
  return {
    platform: 'sensor',
    name,
    icon,
    unit_of_measurement: '%',
    state_class: 'measurement',
    suggested_display_precision: 0,
    entity_category: 'diagnostic',
    state_topic: topic,
    value_template: `{{ (${expression} * 100) | round(1) }}`,
  };
}

function problem(topic: string, name: string, expression: string): ComponentOptions {
  return {
    platform: 'binary_sensor',
    name,
    device_class: 'problem',
    entity_category: 'diagnostic',
    state_topic: topic,
    value_template: `{{ 'ON' if ${expression} else 'OFF' }}`,
  };
}
