// Anomalies of a node as entities of Home Assistant.

import type { ComponentOptions } from './device.ts';

/** @param topic `…/anomalies` */
export function anomalyComponents(topic: string): Record<string, ComponentOptions> {
  return {
    anomaly: {
      ...{ platform: 'sensor', name: 'Anomaly', icon: 'mdi:chart-bell-curve', state_class: 'measurement' },
      ...{ unit_of_measurement: '%', suggested_display_precision: 0, state_topic: topic },
      value_template: '{{ value_json.score * 100 }}',
    },
    unusual: {
      ...{ platform: 'binary_sensor', name: 'Something is unusual', device_class: 'problem', state_topic: topic },
      value_template: "{{ 'ON' if value_json.unusual > 0 or value_json.unlike else 'OFF' }}",
      json_attributes_topic: topic,
      json_attributes_template:
        "{{ {'raised': value_json.raised | map(attribute='sentence') | list, 'unlike': value_json.unlike | map(attribute='sentence') | list} | tojson }}",
    },
  };
}
