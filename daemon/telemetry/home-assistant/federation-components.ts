// Learning together as entities of a node's device.

import type { FederationView } from '../../view/federation-schema.ts';
import { budgetLeft } from '../federation-state.ts';
import type { ComponentOptions } from './device.ts';

/** None where the node takes no part, and no budget where none is set. */
export function federationComponents(
  topic: string,
  view: FederationView | undefined,
): Record<string, ComponentOptions> {
  if (view === undefined || !view.enabled) return {};
  return {
    federation_round: {
      ...{ platform: 'sensor', name: 'Federation round', icon: 'mdi:school-outline', state_topic: topic },
      // Home Assistant takes no state above 255 characters.
      value_template: "{{ (value_json.sentence or 'unknown')[:255] }}",
      json_attributes_topic: topic,
      json_attributes_template:
        "{{ {'duty': value_json.duty, 'paused': value_json.paused, 'learners': value_json.learners} | tojson }}",
    },
    federation_coordinator: {
      ...{ platform: 'sensor', name: 'Coordinator', icon: 'mdi:crown-outline', entity_category: 'diagnostic' },
      state_topic: topic,
      value_template: "{{ value_json.coordinator.name if value_json.coordinator else 'none' }}",
    },
    ...(budgetLeft(view) !== undefined && {
      federation_budget: {
        ...{ platform: 'sensor', name: 'Privacy budget left', icon: 'mdi:shield-half-full', state_topic: topic },
        ...{ unit_of_measurement: '%', state_class: 'measurement', suggested_display_precision: 0 },
        value_template: '{{ ((value_json.budgetLeft or 0) * 100) | round(1) }}',
      },
    }),
    federation_held: {
      ...{ platform: 'binary_sensor', name: 'Federation waits for owner', icon: 'mdi:account-check-outline' },
      state_topic: topic,
      value_template: "{{ 'ON' if value_json.held > 0 else 'OFF' }}",
    },
  };
}
