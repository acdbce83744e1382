// A camera as a Home Assistant device behind the node: is it there, how fast, what is in view, the newest picture.

import { DISTURBANCES } from '../../../vision/anomaly/judge.ts';
import type { PlacesView } from '../../view/correction-schema.ts';
import type { CameraView } from '../../view/schema.ts';
import { topicLevel } from '../topics.ts';
import { cameraEvents } from './camera-events.ts';
import {
  availableWhileOnline,
  type ComponentOptions,
  type Discovery,
  type DiscoveryContext,
  deviceConfig,
  nodeDeviceId,
  withUniqueIds,
} from './device.ts';

/** Each label is two entities; a detector of 80 classes must not become 160 of them by mistakes of its own. */
const MAX_LABELS = 24;

/**
 * @param labels the classes that get a counter and an occupancy sensor; those beyond the limit are left out
 * @param places that it watches
 */
export function cameraDevice(
  context: DiscoveryContext,
  camera: CameraView,
  labels: readonly string[],
  places: PlacesView[number]['places'] = [],
): Discovery {
  const { topics, nodeId, nodeName } = context;
  const id = `${nodeDeviceId(nodeId)}_camera_${topicLevel(camera.id)}`;
  const node = availableWhileOnline(topics.availability);
  const components: Record<string, ComponentOptions> = {
    connectivity: {
      platform: 'binary_sensor',
      name: 'Connectivity',
      device_class: 'connectivity',
      entity_category: 'diagnostic',
      // Not of the camera itself: it has to be able to say "disconnected".
      availability: [node],
      state_topic: topics.cameraAvailability(camera.id),
      value_template: "{{ 'ON' if value == 'online' else 'OFF' }}",
    },
    fps: {
      platform: 'sensor',
      name: 'Frames per second',
      icon: 'mdi:speedometer',
      unit_of_measurement: 'fps',
      state_class: 'measurement',
      suggested_display_precision: 1,
      entity_category: 'diagnostic',
      value_template: '{{ value_json.framesPerSecond }}',
    },
    tamper: {
      platform: 'binary_sensor',
      name: 'Tamper',
      device_class: 'tamper',
      value_template: "{{ 'ON' if value_json.get('view', {}).get('kind', 'clear') != 'clear' else 'OFF' }}",
    },
    view: {
      platform: 'sensor',
      name: 'View',
      device_class: 'enum',
      options: ['clear', ...DISTURBANCES],
      entity_category: 'diagnostic',
      value_template: "{{ value_json.get('view', {}).get('kind', 'clear') }}",
      json_attributes_topic: topics.camera(camera.id),
      json_attributes_template: "{{ value_json.get('view', {}) | tojson }}",
    },
    unusual: {
      platform: 'binary_sensor',
      name: 'Unusual scene',
      icon: 'mdi:eye-plus',
      value_template: "{{ 'ON' if value_json.get('scene', {}).get('unusual', false) else 'OFF' }}",
    },
    picture: {
      platform: 'image',
      name: 'Last observation',
      image_topic: topics.cameraPicture(camera.id),
      content_type: 'image/jpeg',
    },
    ...cameraEvents(context, camera.id),
  };
  for (const { name } of camera.zones) Object.assign(components, zoneComponents(name));
  for (const reading of camera.readings ?? []) Object.assign(components, readingComponents(reading));
  for (const { name } of places) Object.assign(components, placeComponents(name, topics.cameraPlaces(camera.id)));
  for (const label of labels.slice(0, MAX_LABELS)) Object.assign(components, labelComponents(label));
  return deviceConfig(
    context,
    { id, name: `${nodeName} ${camera.id}`, model: `Camera (${camera.source})` },
    {
      availability: [node, availableWhileOnline(topics.cameraAvailability(camera.id))],
      state_topic: topics.camera(camera.id),
      components: withUniqueIds(id, components),
    },
  );
}

function zoneComponents(zone: string): Record<string, ComponentOptions> {
  const count = `value_json.zoneCounts.get(${JSON.stringify(zone)}, 0)`;
  return {
    [`zone_${topicLevel(zone)}`]: {
      platform: 'sensor',
      name: `Zone ${zone} count`,
      state_class: 'measurement',
      value_template: `{{ ${count} }}`,
    },
  };
}

function readingComponents({
  zone,
  number,
  unit,
}: NonNullable<CameraView['readings']>[number]): Record<string, ComponentOptions> {
  return {
    [`reading_${topicLevel(zone)}`]: {
      platform: 'sensor',
      name: `Zone ${zone} reading`,
      icon: 'mdi:text-recognition',
      ...((number !== undefined || unit !== undefined) && { state_class: 'measurement' as const }),
      ...(unit !== undefined && { unit_of_measurement: unit }),
      value_template: `{{ value_json.readings.get(${JSON.stringify(zone)}) }}`,
    },
  };
}

function placeComponents(place: string, topic: string): Record<string, ComponentOptions> {
  const state = `value_json.get(${JSON.stringify(place)}, {})`;
  return {
    [`place_${topicLevel(place)}`]: {
      platform: 'sensor',
      name: `Place ${place}`,
      icon: 'mdi:map-marker-question',
      state_topic: topic,
      // Home Assistant takes no state above 255 characters.
      value_template: `{{ (${state}.get('shows') or 'unknown')[:255] }}`,
    },
    [`place_${topicLevel(place)}_problem`]: {
      platform: 'binary_sensor',
      name: `Place ${place} problem`,
      device_class: 'problem',
      state_topic: topic,
      value_template: `{{ {true: 'OFF', false: 'ON'}.get(${state}.get('well'), 'None') }}`,
    },
  };
}

function labelComponents(label: string): Record<string, ComponentOptions> {
  const id = topicLevel(label);
  // A JSON string is also a Jinja one; the label comes from a model file, so it is not to be trusted further.
  const count = `value_json.counts.get(${JSON.stringify(label)}, 0)`;
  const title = label.charAt(0).toUpperCase() + label.slice(1);
  return {
    [`count_${id}`]: {
      platform: 'sensor',
      name: `${title} count`,
      state_class: 'measurement',
      value_template: `{{ ${count} }}`,
    },
    [`occupancy_${id}`]: {
      platform: 'binary_sensor',
      name: `${title} occupancy`,
      device_class: 'occupancy',
      value_template: `{{ 'ON' if ${count} > 0 else 'OFF' }}`,
    },
  };
}
