// How a camera is: a state, what led to it, and since when. Pure.

/**
 * `starting -> live | waiting | lost`; `live`, `waiting` and `lost` follow each other as pictures come, fail to come,
 * and come again; `stopped` from everywhere.
 */
export type CameraState =
  | { kind: 'starting'; since: number }
  | { kind: 'live'; since: number }
  | { kind: 'waiting'; since: number; cause: string }
  | { kind: 'lost'; since: number; cause: string }
  | { kind: 'stopped'; since: number };

export type CameraEvent =
  | { kind: 'started' }
  /** A picture came and could be read. */
  | { kind: 'picture' }
  /** The source is well and has nothing to show. */
  | { kind: 'waiting'; cause: string }
  /** A picture came and could not be read. */
  | { kind: 'unreadable'; cause: string }
  /** The source failed; it will be tried again. */
  | { kind: 'lost'; cause: string }
  | { kind: 'stopped' };

/** The state after an event; the same object when nothing changed for whoever looks. */
export function nextState(state: CameraState, event: CameraEvent, at: number): CameraState {
  switch (event.kind) {
    case 'started':
      return { kind: 'starting', since: at };
    case 'picture':
      return state.kind === 'live' ? state : { kind: 'live', since: at };
    case 'waiting':
      return withCause(state, 'waiting', event.cause, at);
    case 'unreadable':
      // One bad picture does not end a live camera; a stall after bad ones does.
      return state.kind === 'live' ? state : withCause(state, 'waiting', event.cause, at);
    case 'lost':
      return withCause(state, 'lost', event.cause, at);
    case 'stopped':
      return state.kind === 'stopped' ? state : { kind: 'stopped', since: at };
  }
}

/** The same state with another cause keeps its beginning. */
function withCause(state: CameraState, kind: 'waiting' | 'lost', cause: string, at: number): CameraState {
  if (state.kind !== kind) return { kind, since: at, cause };
  return state.cause === cause ? state : { ...state, cause };
}
