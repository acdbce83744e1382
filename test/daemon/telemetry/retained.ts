// What the test node retains on a broker.

import { expect } from 'vitest';
import { retained } from './brokers.ts';
import { NODE_ID } from './test-node.ts';

export const ROOT = `parlmesh/net1/${NODE_ID}`;
export const DEVICE = `homeassistant/device/parlmesh_${NODE_ID}`;
export const AGENT_TOPIC = expect.stringMatching(/\/agents\/camera_north-[0-9a-f]{8}$/);

/** Every topic that the unchanged test node retains. */
export const ALL = [
  `${DEVICE}/config`,
  expect.stringMatching(/_agent_camera_north-[0-9a-f]{8}\/config$/),
  `${DEVICE}_agent_hardware/config`,
  `${DEVICE}_camera_north/config`,
  AGENT_TOPIC,
  `${ROOT}/agents/hardware`,
  `${ROOT}/anomalies`,
  `${ROOT}/availability`,
  `${ROOT}/cameras/north`,
  `${ROOT}/cameras/north/availability`,
  `${ROOT}/cameras/north/places`,
  `${ROOT}/corrections`,
  `${ROOT}/federation`,
  `${ROOT}/hardware`,
  `${ROOT}/incidents`,
  `${ROOT}/jobs/j1/state`,
  `${ROOT}/jobs/state`,
  `${ROOT}/links`,
  `${ROOT}/peers`,
  `${ROOT}/routes`,
  `${ROOT}/state`,
  `${ROOT}/topology`,
];

export async function topics(url: string): Promise<string[]> {
  return [...(await retained(url)).keys()].sort();
}
