import { describe, expect, it } from 'vitest';
import { type CameraEvent, type CameraState, nextState } from '../../../vision/camera/health.ts';

const stateAfter = (...events: CameraEvent[]): CameraState =>
  events.reduce<CameraState>((state, event, at) => nextState(state, event, at), { kind: 'stopped', since: -1 });

describe('nextState', () => {
  it('goes from starting to live with the first picture and stays live since then', () => {
    expect(stateAfter({ kind: 'started' }, { kind: 'picture' }, { kind: 'picture' })).toEqual({
      kind: 'live',
      since: 1,
    });
  });

  it('keeps the beginning of a loss while its cause changes', () => {
    expect(stateAfter({ kind: 'lost', cause: 'timeout' }, { kind: 'lost', cause: 'refused' })).toEqual({
      kind: 'lost',
      since: 0,
      cause: 'refused',
    });
  });

  it('stays live through an unreadable picture, and waits when none was ever readable', () => {
    expect(stateAfter({ kind: 'picture' }, { kind: 'unreadable', cause: 'bad' }).kind).toBe('live');
    expect(stateAfter({ kind: 'started' }, { kind: 'unreadable', cause: 'bad' })).toMatchObject({
      kind: 'waiting',
      cause: 'bad',
    });
  });

  it('is the same object when nothing changed', () => {
    const state: CameraState = { kind: 'lost', since: 0, cause: 'x' };
    expect(nextState(state, { kind: 'lost', cause: 'x' }, 5)).toBe(state);
  });
});
