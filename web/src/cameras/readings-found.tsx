// What was read in zones (a meter, a sign, a display) and matches a search by text: the journal has it.

import { useEffect, useState } from 'preact/hooks';
import type { EventView } from '../../../daemon/view/schema.ts';
import { get } from '../live/api.ts';
import { events } from '../live/live.ts';
import { mergeEvents } from '../live/merge.ts';
import { EventList } from '../parts/event-list.tsx';
import { type ObservationFilter, readingMatches, readingsQuery } from './observation-filter.ts';

const MOST_SHOWN = 20;
const MOST_LOOKED_AT = 2_000;

export function ReadingsFound({ filter }: { filter: ObservationFilter }) {
  const [older, set] = useState<EventView[]>([]);
  const wanted = filter.text.trim() !== '';
  useEffect(() => {
    if (!wanted) return;
    const abort = new AbortController();
    get<EventView[]>(`/events?${readingsQuery(filter)}`, abort.signal).then(set, () => undefined);
    return () => abort.abort();
  }, [wanted, filter.camera]);
  // Those that came since are in the page's journal.
  const all = wanted ? mergeEvents(older, events.value ?? [], MOST_LOOKED_AT) : [];
  const found = all.filter((event) => readingMatches(event, filter)).slice(0, MOST_SHOWN);
  if (found.length === 0) return null;
  return (
    <div class="day">
      <h3>Read in zones</h3>
      <EventList events={found} label="What was read in zones" />
    </div>
  );
}
