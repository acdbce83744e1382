import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObservationView } from '../../../daemon/view/schema.ts';
import type { ObservationSearch } from '../../../daemon/view/view.ts';
import { folder, openStore } from './open-store.ts';

const LABELS = ['person', 'car', 'dog'];
const CAMERAS = ['door', 'yard'];

const seen = (number: number): ObservationView => ({
  id: `o-${String(number).padStart(3, '0')}`,
  camera: CAMERAS[number % 2]!,
  phase: 'end',
  label: LABELS[number % 3]!,
  confidence: 0.5,
  box: { x: 0, y: 0, width: 0.1, height: 0.1 },
  zones: number % 5 === 0 ? ['path', 'gate_2'] : [],
  // Three at a time, so that pages end between things of one time.
  startedAt: 1_000 + Math.floor(number / 3) * 10,
  updatedAt: 2_000,
  endedAt: 2_000,
});

describe('the search of observations', () => {
  it('finds by camera, label, zone, text and time, page by page, each once and none left out', async () => {
    const store = await openStore(await folder());
    const all = Array.from({ length: 100 }, (_, number) => seen(number));
    for (const observation of all.slice(0, 60)) store.recordObservation(observation);
    await store.checkpoint();
    // Of the rest, some may not be in the file yet.
    for (const observation of all.slice(60)) store.recordObservation(observation);
    const pages = (query: ObservationSearch): string[] => {
      const ids: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = store.searchObservations({ ...query, ...(cursor !== undefined && { cursor }) });
        ids.push(...page.observations.map(({ id }) => id));
        cursor = page.next;
        if (cursor === undefined) return ids;
      }
    };
    const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const queries = fc.record({
      camera: option(fc.constantFrom(...CAMERAS)),
      label: option(fc.constantFrom(...LABELS)),
      zone: option(fc.constantFrom('path', 'gate_2', 'nowhere')),
      text: option(fc.constantFrom('PERS', 'oor', 'gate', '%', '_2')),
      from: option(fc.integer({ min: 900, max: 1400 })),
      to: option(fc.integer({ min: 900, max: 1400 })),
      limit: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(queries, ({ limit, ...given }) => {
        const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const { camera, label, zone, text, from = 0, to = 1e9 } = given;
        const wanted = all
          .filter(
            (one) =>
              (camera === undefined || one.camera === camera) &&
              (label === undefined || one.label === label) &&
              (zone === undefined || one.zones.includes(zone)) &&
              (text === undefined ||
                [one.label, one.camera, ...one.zones].some((word) => word.includes(text.toLowerCase()))) &&
              one.startedAt >= from &&
              one.startedAt <= to,
          )
          .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
        expect(pages({ ...query, limit })).toEqual(wanted.map(({ id }) => id));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a cursor that it did not make', async () => {
    const store = await openStore(await folder());
    expect(() => store.searchObservations({ cursor: 'DROP TABLE' })).toThrow(/"next"/);
  });

  it('shows the newest form of what is still changing', async () => {
    const store = await openStore(await folder());
    store.recordObservation({ ...seen(1), phase: 'start' });
    await store.checkpoint();
    store.recordObservation({ ...seen(1), zones: ['path'], phase: 'update' });
    expect(store.searchObservations({ zone: 'path' }).observations).toHaveLength(1);
    expect(store.searchObservations({}).observations).toHaveLength(1);
  });
});
