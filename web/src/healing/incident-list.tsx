// All incidents, filtered by whether they are over and by what they are about; older ones on request.

import { useState } from 'preact/hooks';
import type { IncidentView } from '../../../daemon/view/incident-schema.ts';
import { count } from '../format.ts';
import { get } from '../live/api.ts';
import { incidents } from '../live/live.ts';
import { readable } from '../live/names.ts';
import { Empty } from '../parts/empty.tsx';
import { Older } from '../parts/older.tsx';
import { item } from '../router.ts';
import { Incident } from './incident.tsx';
import { type IncidentFilter, matches, merged, SHOWS } from './incident-filter.ts';

/** As many as a node keeps. */
const MOST = 500;

export function IncidentList() {
  const [filter, setFilter] = useState<IncidentFilter>({ show: 'all', subject: '' });
  const [older, setOlder] = useState<IncidentView[]>([]);
  const all = merged(incidents.value ?? [], older);
  // What the address names is shown, whatever the filter says.
  const shown = all.filter((one) => one.id === item.value || matches(one, filter, readable));
  const loadOlder = async (): Promise<boolean> => {
    const kept = await get<IncidentView[]>(`/incidents?limit=${MOST}`);
    setOlder(kept);
    return merged(all, kept).length > all.length;
  };
  return (
    <section>
      <div class="heading">
        <h2>Incidents</h2>
        <span class="muted" role="status">
          {count(shown.length, 'incident')}
        </span>
      </div>
      <form class="filters" aria-label="Filter incidents" onSubmit={(event) => event.preventDefault()}>
        <label>
          Show
          <select
            value={filter.show}
            onChange={({ currentTarget: { value } }) =>
              setFilter({ ...filter, show: SHOWS.find((show) => show === value) ?? 'all' })
            }
          >
            {SHOWS.map((show) => (
              <option key={show} value={show}>
                {show}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          Subject
          <input
            type="search"
            value={filter.subject}
            onInput={({ currentTarget: { value } }) => setFilter({ ...filter, subject: value })}
          />
        </label>
      </form>
      {shown.length === 0 ? (
        <Empty title={all.length === 0 ? 'Nothing has gone wrong yet.' : 'No incident matches.'} />
      ) : (
        <ol class="stories">
          {shown.map((incident) => (
            <Incident key={incident.id} incident={incident} isWanted={incident.id === item.value} />
          ))}
        </ol>
      )}
      {all.length > 0 && <Older what="incidents" load={loadOlder} />}
    </section>
  );
}
