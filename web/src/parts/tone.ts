// What each state means to the eye: one tone per state, so that every view speaks alike. Pure.

import type {
  AgentView,
  CameraView,
  EventView,
  LinkView,
  ModelView,
  NodeView,
  PeerView,
  ServiceView,
  StoreView,
} from '../../../daemon/view/schema.ts';

/** good: as it should be; busy: on its way; warn: look when you can; bad: look now; off: not in use. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';

type State =
  | AgentView['state']
  | CameraView['state']
  | LinkView['state']
  | ModelView['state']
  | NodeView['health']['state']
  | PeerView['state']
  | NonNullable<PeerView['presence']>['state']
  | ServiceView['state']
  | StoreView['state'];

export const TONES: Readonly<Record<State, Tone>> = {
  well: 'good',
  running: 'good',
  ready: 'good',
  live: 'good',
  up: 'good',
  ok: 'good',
  connected: 'good',
  alive: 'good',
  busy: 'good',
  reachable: 'busy',
  starting: 'busy',
  restarting: 'busy',
  stopping: 'busy',
  waiting: 'busy',
  suspect: 'warn',
  degraded: 'warn',
  missing: 'warn',
  full: 'warn',
  broken: 'bad',
  failed: 'bad',
  lost: 'bad',
  down: 'bad',
  gone: 'bad',
  stopped: 'off',
  in: 'off',
};

export const SEVERITY_TONES: Readonly<Record<EventView['severity'], Tone>> = {
  info: 'off',
  warning: 'warn',
  error: 'bad',
};
