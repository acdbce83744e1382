// What cameras saw, as a time line with pictures: the newest as they come, and a search by object, zone, text, camera and
// time.

import { useEffect, useState } from 'preact/hooks';
import type { ObservationPage } from '../../../daemon/view/camera-schema.ts';
import type { ObservationView } from '../../../daemon/view/schema.ts';
import { ApiError, get } from '../live/api.ts';
import { cameras, observations } from '../live/live.ts';
import { mergeObservations } from '../live/merge.ts';
import { Empty } from '../parts/empty.tsx';
import { Lanes } from './lanes.tsx';
import { Observation } from './observation.tsx';
import { ANY, byDay, matches, type ObservationFilter, queryOf } from './observation-filter.ts';
import { ReadingsFound } from './readings-found.tsx';

const MOST_SHOWN = 600;
/** Letters come one after the other. */
const TYPING_MS = 300;

interface Found {
  list: ObservationView[];
  next: string | undefined;
}

/** @param camera whose observations alone are searched */
export function Search({ camera = '' }: { camera?: string }) {
  const [filter, setFilter] = useState<ObservationFilter>({ ...ANY, camera });
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState<string>();
  const isAny = queryOf(filter) === queryOf({ ...ANY, camera });

  const fetchPage = async (cursor?: string, signal?: AbortSignal): Promise<void> => {
    try {
      const page = await get<ObservationPage>(`/vision/observations?${queryOf(filter, cursor)}`, signal);
      setFound((before) => ({
        list: mergeObservations(cursor === undefined ? [] : (before?.list ?? []), page.observations, MOST_SHOWN),
        next: page.next,
      }));
      setProblem(undefined);
    } catch (error) {
      if (signal?.aborted !== true) setProblem(error instanceof ApiError ? error.message : String(error));
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => void fetchPage(undefined, abort.signal), isAny ? 0 : TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [queryOf(filter)]);

  const live = (observations.value ?? []).filter((one) => matches(one, filter));
  const list = mergeObservations(found?.list ?? [], live, MOST_SHOWN).map((one) => {
    // What the stream tells knows of no clip.
    const clip = found?.list.find(({ id }) => id === one.id)?.clip;
    return clip === undefined ? one : { ...one, clip };
  });
  return (
    <section>
      <h2>{isAny ? 'Latest observations' : 'Observations found'}</h2>
      <Filters filter={filter} fixed={camera !== ''} onChange={setFilter} />
      {problem !== undefined && <p class="cause">{problem}</p>}
      <ReadingsFound filter={filter} />
      {list.length === 0 && found !== undefined ? (
        <Empty title={isAny ? 'Nothing was seen yet.' : 'Nothing matches.'}>
          {isAny && <p>What the detector sees in the pictures above is listed here, with a snapshot.</p>}
        </Empty>
      ) : (
        <>
          <Lanes list={list} />
          {byDay(list).map(([day, seen]) => (
            <div key={day} class="day">
              <h3>{day}</h3>
              <ul class="observations">
                {seen.map((one) => (
                  <Observation key={one.id} observation={one} />
                ))}
              </ul>
            </div>
          ))}
        </>
      )}
      <p class="older" role="status">
        {found?.next !== undefined && (
          <button type="button" class="quiet" onClick={() => void fetchPage(found.next)}>
            Older observations
          </button>
        )}
      </p>
    </section>
  );
}

interface FiltersProps {
  filter: ObservationFilter;
  /** The camera is given. */
  fixed: boolean;
  onChange: (filter: ObservationFilter) => void;
}

function Filters({ filter, fixed, onChange }: FiltersProps) {
  const all = cameras.value ?? [];
  const zones = [...new Set(all.flatMap((camera) => camera.zones.map(({ name }) => name)))].sort();
  const labels = [...new Set((observations.value ?? []).map(({ label }) => label))].sort();
  const select = (title: string, key: 'camera' | 'zone', values: readonly string[]) => (
    <label>
      {title}
      <select value={filter[key]} onChange={({ currentTarget }) => onChange({ ...filter, [key]: currentTarget.value })}>
        <option value="">all</option>
        {values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
  const input = (
    title: string,
    key: 'label' | 'text' | 'from' | 'to',
    type: 'search' | 'datetime-local',
    list?: string,
  ) => (
    <label class={key === 'text' ? 'grow' : undefined}>
      {title}
      <input
        type={type}
        list={list}
        value={filter[key]}
        maxLength={100}
        onInput={({ currentTarget }) => onChange({ ...filter, [key]: currentTarget.value })}
      />
    </label>
  );
  return (
    <form class="filters search" aria-label="Search observations" onSubmit={(event) => event.preventDefault()}>
      {!fixed &&
        select(
          'Camera',
          'camera',
          all.map(({ id }) => id),
        )}
      {input('Object', 'label', 'search', 'known-labels')}
      <datalist id="known-labels">
        {labels.map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
      {select('Zone', 'zone', zones)}
      {input('Text', 'text', 'search')}
      {input('From', 'from', 'datetime-local')}
      {input('To', 'to', 'datetime-local')}
    </form>
  );
}
