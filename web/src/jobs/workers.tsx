// The nodes that carry out tasks, and which scheduler places them.

import { percent } from '../format.ts';
import { swarm } from '../live/live.ts';
import { Table } from '../parts/table.tsx';
import { JobMark } from './states.tsx';

const COLUMNS = [
  { title: 'Node' },
  { title: 'Busy slots', number: true },
  { title: 'Queued', number: true },
  { title: 'Speed', number: true },
  { title: 'Stress', number: true },
  { title: 'Failures', number: true },
  { title: 'Carries out' },
];

export function Workers() {
  const known = swarm.value;
  if (known === undefined) return null;
  const { workers, scheduler, why, running, ready } = known;
  return (
    <section>
      <h2>Workers</h2>
      <p>
        {running} running, {ready} waiting for a place. Tasks are placed by <strong>{scheduler}</strong>: {why}
      </p>
      <Table
        caption="Nodes that carry out tasks"
        columns={COLUMNS}
        rows={workers.map((worker) => ({
          key: worker.node.id,
          cells: [
            <>
              {worker.node.name}
              {!worker.reachable && (
                <span class="under">
                  <JobMark state="lost">not reachable</JobMark>
                </span>
              )}
            </>,
            `${worker.running} of ${worker.slots}`,
            worker.queued,
            worker.speed.toFixed(2),
            percent(worker.stress),
            percent(worker.failures),
            <>
              {worker.kinds.join(', ')}
              {Object.entries(worker.labels).map(([name, value]) => (
                <code key={name} class="line">
                  {name}={value}
                </code>
              ))}
            </>,
          ],
        }))}
        empty="No node carries out tasks yet."
      />
    </section>
  );
}
