// What is tried on every fault before anything was learned, from the step that costs least and helps soonest to asking
// people. Only these may ever be tried on a fault, whatever is learned.

import type { ActionName } from './action-catalogue.ts';
import type { Fault } from './symptom.ts';

/** Each ends with `operator.ask`. Those that ask first (`asksFirst`) are offered to the operator, not done. */
export const LADDERS: Readonly<Record<Fault, readonly ActionName[]>> = {
  'agent-crashed': ['agent.restart', 'agent.quarantine', 'operator.ask'],
  'agent-hung': ['agent.restart', 'agent.quarantine', 'operator.ask'],
  // Slow from load more often than from itself.
  'agent-slow': ['task.shed', 'agent.restart', 'agent.quarantine', 'operator.ask'],
  'task-storm': ['task.shed', 'cpu.shed-load', 'operator.ask'],
  // Nothing goes over it already.
  'link-down': ['link.reset', 'neighbour.ask', 'operator.ask'],
  'link-lossy': ['route.avoid', 'link.reset', 'operator.ask'],
  'link-flapping': ['route.avoid', 'link.reset', 'operator.ask'],
  partition: ['link.reset', 'broker.rotate', 'operator.ask'],
  'peer-silent': ['link.reset', 'neighbour.ask', 'operator.ask'],
  'peer-byzantine': ['peer.quarantine', 'operator.ask'],
  // What stands on the node's own broker restarts with it; another one on this host is systemd's.
  'broker-down': [
    ...(['mqtt.reconnect', 'broker.rotate', 'process.restart-unit', 'process.restart-service'] as const),
    ...(['neighbour.ask', 'operator.ask'] as const),
  ],
  'disk-full': ['store.free-space', 'camera.lower-rate', 'operator.ask'],
  'store-corrupt': ['store.restore-backup', 'operator.ask'],
  'memory-leak': ['memory.restart-heaviest', 'cpu.shed-load', 'process.restart-self', 'operator.ask'],
  'cpu-hot': ['camera.lower-rate', 'cpu.shed-load', 'operator.ask'],
  'under-voltage': ['cpu.shed-load', 'camera.lower-rate', 'operator.ask'],
  'clock-jump': ['clock.step-tolerate', 'operator.ask'],
  'camera-lost': ['camera.restart', 'usb.reset', 'operator.ask'],
  // Nothing on the board takes a cloth off a lens; a moved view is for people to judge.
  'camera-covered': ['operator.ask'],
  'camera-moved': ['camera.accept-view', 'operator.ask'],
  'camera-frozen': ['camera.restart', 'usb.reset', 'operator.ask'],
  'model-broken': ['model.reinstall', 'camera.switch-detector', 'operator.ask'],
  'federation-stalled': ['federation.new-coordinator', 'operator.ask'],
  'policy-regressed': ['policy.roll-back', 'operator.ask'],
  'service-failed': ['process.restart-service', 'neighbour.ask', 'operator.ask'],
  // That it differs says nothing of what would help.
  'node-unlike': ['operator.ask'],
};

/**
 * Who goes first when two want the same, 0 to 9: what loses data, then what others depend on, then what cuts the node
 * off, then single workers, then what only costs quality.
 */
export const PRIORITIES: Readonly<Record<Fault, number>> = {
  ...{ 'store-corrupt': 9, 'disk-full': 9, 'memory-leak': 8, 'under-voltage': 8, 'cpu-hot': 7, 'clock-jump': 7 },
  ...{ 'broker-down': 7, partition: 7, 'peer-byzantine': 6, 'service-failed': 6, 'task-storm': 6 },
  ...{ 'link-down': 5, 'peer-silent': 5, 'model-broken': 5, 'agent-crashed': 4, 'agent-hung': 4 },
  ...{ 'link-flapping': 3, 'link-lossy': 3, 'camera-lost': 3, 'camera-frozen': 3, 'agent-slow': 2 },
  ...{ 'camera-covered': 2, 'camera-moved': 2, 'policy-regressed': 2, 'federation-stalled': 1 },
  'node-unlike': 1,
};
