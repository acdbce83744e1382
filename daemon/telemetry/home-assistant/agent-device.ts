// An agent as a Home Assistant device behind the node; with commands enabled, it can be restarted from there.

import type { AgentView } from '../../view/schema.ts';
import { RESTART } from '../commands.ts';
import { topicLevel } from '../topics.ts';
import {
  availableWhileOnline,
  type ComponentOptions,
  type Discovery,
  type DiscoveryContext,
  deviceConfig,
  nodeDeviceId,
  withUniqueIds,
} from './device.ts';

const STATES: AgentView['state'][] = ['starting', 'ready', 'busy', 'degraded', 'restarting', 'stopped'];

export function agentDevice(context: DiscoveryContext, agent: AgentView, commands: boolean): Discovery {
  const { topics, nodeId, nodeName } = context;
  const id = `${nodeDeviceId(nodeId)}_agent_${topicLevel(agent.id)}`;
  const components: Record<string, ComponentOptions> = {
    state: {
      platform: 'sensor',
      name: 'State',
      device_class: 'enum',
      options: STATES,
      entity_category: 'diagnostic',
      value_template: '{{ value_json.state }}',
    },
    problem: {
      platform: 'binary_sensor',
      name: 'Problem',
      device_class: 'problem',
      entity_category: 'diagnostic',
      value_template: "{{ 'ON' if value_json.state == 'degraded' else 'OFF' }}",
      json_attributes_topic: topics.agent(agent.id),
      json_attributes_template: "{{ {'lastError': value_json.lastError | default('', true)} | tojson }}",
    },
    restarts: {
      platform: 'sensor',
      name: 'Restarts',
      icon: 'mdi:restart',
      state_class: 'total_increasing',
      entity_category: 'diagnostic',
      value_template: '{{ value_json.restarts }}',
    },
  };
  if (commands) {
    components.restart = {
      platform: 'button',
      name: 'Restart',
      device_class: 'restart',
      entity_category: 'config',
      command_topic: topics.agentCommand(agent.id),
      payload_press: RESTART,
    };
  }
  return deviceConfig(
    context,
    { id, name: `${nodeName} ${agent.id}`, model: `Agent (${agent.kind})` },
    {
      availability: [availableWhileOnline(topics.availability)],
      state_topic: topics.agent(agent.id),
      components: withUniqueIds(id, components),
    },
  );
}
