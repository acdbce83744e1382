import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteChangeView } from '../../daemon/view/route-schema.ts';
import type { EventView, ObservationView } from '../../daemon/view/schema.ts';
import {
  mergeChanges,
  mergeEvents,
  mergeJobs,
  mergeObservations,
  mergeSamples,
  reconnectDelay,
} from '../../web/src/live/merge.ts';
import { job } from '../daemon/telemetry/test-node.ts';

const event = (id: number, message = `event ${id}`): EventView => ({
  id,
  at: id * 1_000,
  severity: 'info',
  kind: 'node.started',
  subject: 'node',
  message,
});

const observation = (id: string, startedAt: number, updatedAt: number, confidence = 0.5): ObservationView => ({
  id,
  camera: 'north',
  phase: 'update',
  label: 'person',
  confidence,
  box: { x: 0, y: 0, width: 0.1, height: 0.1 },
  zones: [],
  startedAt,
  updatedAt,
});

it('a job is shown in its latest form, whatever comes last', () => {
  const [older, newer] = [job('j1', 'running'), job('j1', 'succeeded')];
  newer.figures.seconds = 9;
  expect(mergeJobs([newer], [older], 10)).toEqual([newer]);
  const later = { ...job('j2', 'running'), submittedAt: newer.submittedAt + 1 };
  expect(mergeJobs([older], [later, newer], 10)).toEqual([later, newer]);
  expect(mergeJobs([older], [later], 1)).toEqual([later]);
});

describe('events from calls and stream', () => {
  it('are shown newest first, each once, whatever order they come in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), { maxLength: 6 }),
        (batches) => {
          const merged = batches.reduce<EventView[]>(
            (list, ids) =>
              mergeEvents(
                list,
                ids.map((id) => event(id)),
                100,
              ),
            [],
          );
          expect(merged.map(({ id }) => id)).toEqual([...new Set(batches.flat())].sort((a, b) => b - a));
        },
      ),
    );
  });

  it('keep the newest when there are too many', () => {
    expect(mergeEvents([event(2), event(1)], [event(3)], 2).map(({ id }) => id)).toEqual([3, 2]);
  });
});

describe('observations from calls and stream', () => {
  it('take the latest form of each', () => {
    const merged = mergeObservations([observation('a', 1, 5, 0.5)], [observation('a', 1, 6, 0.9)], 10);
    expect(merged.map(({ confidence }) => confidence)).toEqual([0.9]);
  });

  it('are not set back by an update that comes late', () => {
    const ended: ObservationView = { ...observation('a', 1, 9), phase: 'end', endedAt: 9 };
    expect(mergeObservations([ended], [observation('a', 1, 7)], 10)).toEqual([ended]);
  });

  it('stand by their start, newest first', () => {
    const merged = mergeObservations([observation('a', 1, 9)], [observation('b', 2, 2), observation('c', 3, 3)], 2);
    expect(merged.map(({ id }) => id)).toEqual(['c', 'b']);
  });
});

describe('samples of a chart', () => {
  it('join history and live readings without gaps, doubles or what is too old', () => {
    expect(
      mergeSamples(
        [
          [10, 1],
          [20, 2],
        ],
        [
          [30, 3],
          [20, 2],
        ],
        15,
      ),
    ).toEqual([
      [20, 2],
      [30, 3],
    ]);
  });
});

describe('route changes from the stream', () => {
  const change = (id: number, life = 0) => ({ id, at: life + id }) as RouteChangeView;
  const ids = (list: readonly RouteChangeView[]) => list.map(({ id }) => id);

  it('stand before those that are known', () => {
    const known = [change(3), change(2), change(1)];
    expect(ids(mergeChanges(known, [change(4), change(3)]))).toEqual([4, 3, 2, 1]);
    expect(ids(mergeChanges(known, [change(5), change(4)]))).toEqual([5, 4, 3, 2, 1]);
  });

  it('replace what is known where some were missed, or the node counts anew', () => {
    const known = [change(3), change(2), change(1)];
    expect(ids(mergeChanges(known, [change(9), change(8)]))).toEqual([9, 8]);
    expect(ids(mergeChanges(known, [change(3, 500), change(2, 500)]))).toEqual([3, 2]);
    expect(mergeChanges(known, [])).toEqual([]);
  });
});

describe('coming back to a lost node', () => {
  it('waits longer each time, never over 20 s, and not all pages at once', () => {
    expect(reconnectDelay(0, 0.5)).toBe(500);
    expect(reconnectDelay(1, 0.5)).toBe(1_000);
    expect(reconnectDelay(500, 1)).toBeLessThanOrEqual(20_000);
    expect(reconnectDelay(3, 0)).toBeLessThan(reconnectDelay(3, 1));
  });
});
