// The life of an agent as a pure state machine. The state belongs to the agent's id and outlives its instances: a
// crashed instance is thrown away, a fresh one takes its place, and this is what people see of both.

import type { Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';

/** `since` and `at` are wall-clock milliseconds. */
export type AgentState =
  | { kind: 'stopped'; since: Millis }
  | { kind: 'starting'; since: Millis }
  | { kind: 'ready'; since: Millis }
  /** Working on `tasks` things at once (at least one). */
  | { kind: 'busy'; since: Millis; tasks: number }
  /** Failed; a fresh instance starts at `at`. */
  | { kind: 'restarting'; since: Millis; cause: string; at: Millis }
  /** Failed too often; set aside and tried once more at `at`. */
  | { kind: 'degraded'; since: Millis; cause: string; at: Millis };

export type AgentEvent =
  /** stopped | restarting | degraded -> starting */
  | { kind: 'start' }
  /** starting -> ready */
  | { kind: 'started' }
  /** ready | busy -> busy with tasks, ready without */
  | { kind: 'load'; tasks: number }
  /** starting | ready | busy | restarting | degraded -> restarting */
  | { kind: 'restart'; cause: string; at: Millis }
  /** starting | ready | busy | restarting | degraded -> degraded */
  | { kind: 'set-aside'; cause: string; at: Millis }
  /** any -> stopped */
  | { kind: 'stop' };

/** The next state. Throws `AGENT_WRONG_TRANSITION` where the event has no place. */
export function transition(state: AgentState, event: AgentEvent, since: Millis): AgentState {
  switch (event.kind) {
    case 'start':
      if (state.kind === 'stopped' || state.kind === 'restarting' || state.kind === 'degraded') {
        return { kind: 'starting', since };
      }
      break;
    case 'started':
      if (state.kind === 'starting') return { kind: 'ready', since };
      break;
    case 'load':
      if (state.kind === 'ready' || state.kind === 'busy') return loaded(state, event.tasks, since);
      break;
    case 'restart':
      if (state.kind !== 'stopped') return { kind: 'restarting', since, cause: event.cause, at: event.at };
      break;
    case 'set-aside':
      if (state.kind !== 'stopped') return { kind: 'degraded', since, cause: event.cause, at: event.at };
      break;
    case 'stop':
      return { kind: 'stopped', since };
  }
  throw new ParlmeshError('AGENT_WRONG_TRANSITION', `an agent that is ${state.kind} cannot take "${event.kind}"`, {
    data: { state: state.kind, event: event.kind },
  });
}

function loaded(state: AgentState & { kind: 'ready' | 'busy' }, tasks: number, since: Millis): AgentState {
  if (tasks > 0) return { kind: 'busy', since: state.kind === 'busy' ? state.since : since, tasks };
  return state.kind === 'ready' ? state : { kind: 'ready', since };
}
