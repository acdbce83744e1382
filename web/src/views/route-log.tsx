// How routes changed: every change with what was, what is, why, and how soon. Live, for all nodes or one.

import { useEffect, useState } from 'preact/hooks';
import type { RouteChangeView } from '../../../daemon/view/route-schema.ts';
import { latency, plainCost } from '../format.ts';
import { olderChanges, peers, routeLog } from '../live/live.ts';
import { Older } from '../parts/older.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const COLUMNS = [
  { title: 'Route to' },
  { title: 'Time', number: true },
  { title: 'Was' },
  { title: 'Is' },
  { title: 'Why' },
  { title: 'After', number: true },
];
/** As many rows at first; the rest on request. */
const ROWS = 8;

export function RouteLog() {
  const [destination, setDestination] = useState('');
  const [rows, setRows] = useState(ROWS);
  const [older, setOlder] = useState<RouteChangeView[]>([]);

  const live = routeLog.value ?? [];
  const oldestLive = live.at(-1)?.id ?? 1;
  // What was fetched follows what is live only while the live list goes on from where it was.
  const all = [...live, ...older.filter(({ id }) => id < oldestLive)];
  const wanted = destination === '' ? all : all.filter((change) => change.destination === destination);
  useEffect(() => {
    setOlder([]);
    setRows(ROWS);
  }, [destination]);

  const more = async (): Promise<boolean> => {
    if (rows < wanted.length) {
      setRows(rows + 50);
      return true;
    }
    const found = await olderChanges(wanted.at(-1)?.id ?? oldestLive, destination === '' ? undefined : destination);
    setOlder([...older, ...found]);
    setRows(rows + found.length);
    return found.length > 0;
  };

  return (
    <section>
      <div class="heading">
        <h2>How routes changed</h2>
        <label class="inline">
          Route to
          <select value={destination} onChange={(event) => setDestination(event.currentTarget.value)}>
            <option value="">all nodes</option>
            {(peers.value ?? []).map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Table
        caption="Changes of routes, newest first"
        columns={COLUMNS}
        rows={wanted.slice(0, rows).map(rowOf)}
        empty="No route has changed since the node started."
      />
      <Older key={destination} what="changes" load={more} />
    </section>
  );
}

function rowOf(change: RouteChangeView) {
  const { id, at, destinationName, before, after, reason, afterSeconds, backup } = change;
  return {
    key: String(id),
    cells: [
      destinationName,
      <Time at={at} seconds />,
      <Taken path={before} />,
      <Taken path={after} />,
      <>
        {reason}
        {backup !== undefined && <p class="under muted">Until then over its backup, {backup.nextHopName}</p>}
      </>,
      latency(afterSeconds),
    ],
  };
}

function Taken({ path }: { path: RouteChangeView['after'] }) {
  if (path === undefined) return <span class="muted">none</span>;
  return (
    <>
      {path.pathNames.join(' → ')}
      <span class="under muted">cost {plainCost(path.cost)}</span>
    </>
  );
}
