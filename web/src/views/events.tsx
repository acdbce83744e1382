// Events: the node's journal, live, filtered by severity, kind and text; older entries on request.

import { useState } from 'preact/hooks';
import type { EventView } from '../../../daemon/view/schema.ts';
import { events, loadOlderEvents } from '../live/live.ts';
import { Empty } from '../parts/empty.tsx';
import { EventList } from '../parts/event-list.tsx';
import { Older } from '../parts/older.tsx';
import { type EventFilter, matches, SEVERITIES, severityRank } from './event-filter.ts';

export function Events() {
  const [filter, setFilter] = useState<EventFilter>({ least: 'info', kind: '', text: '' });
  const all = events.value ?? [];
  const shown = all.filter((event) => matches(event, filter));
  return (
    <>
      <h1>Events</h1>
      <Filters filter={filter} kinds={kindsOf(all)} onChange={setFilter} />
      {shown.length === 0 ? (
        <Empty title={all.length === 0 ? 'Nothing has happened yet.' : 'No event matches.'}>
          {all.length > 0 && <p>Look at older events below, or widen the filter.</p>}
        </Empty>
      ) : (
        <EventList events={shown} label="Events, newest first" />
      )}
      <Older what="events" load={async () => (await loadOlderEvents()) > 0} />
    </>
  );
}

function Filters(props: { filter: EventFilter; kinds: string[]; onChange: (filter: EventFilter) => void }) {
  const { filter, kinds, onChange } = props;
  return (
    <form class="filters" aria-label="Filter events" onSubmit={(event) => event.preventDefault()}>
      <label>
        At least
        <select
          value={filter.least}
          onChange={(event) => onChange({ ...filter, least: severityRank(event.currentTarget.value) })}
        >
          {SEVERITIES.map((severity) => (
            <option key={severity} value={severity}>
              {severity}
            </option>
          ))}
        </select>
      </label>
      <label>
        Kind
        <select value={filter.kind} onChange={(event) => onChange({ ...filter, kind: event.currentTarget.value })}>
          <option value="">all</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {kind}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        Text
        <input
          type="search"
          value={filter.text}
          onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        />
      </label>
    </form>
  );
}

/** The first words of all kinds at hand: `camera`, `mesh`, … */
function kindsOf(list: readonly EventView[]): string[] {
  return [...new Set(list.map(({ kind }) => kind.split('.')[0]!))].sort();
}
