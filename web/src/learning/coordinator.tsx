// Which node runs the rounds, how it was chosen, who would take over; pause and resume.

import { duration, latency } from '../format.ts';
import { may } from '../live/access.ts';
import { post } from '../live/api.ts';
import { federation, node, peers } from '../live/live.ts';
import { useChanges } from '../parts/changes.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const COLUMNS = [{ title: 'Node' }, { title: 'Cost', number: true }, { title: 'May coordinate' }, { title: 'There' }];
/** Those that could take over; the command line lists all. */
const MOST_SHOWN = 8;

export function Coordinator() {
  const { ask, run, said } = useChanges();
  const known = federation.value;
  if (known === undefined) return null;
  const { coordinator, candidates, coordination, unknown, shipping } = known;
  const paused = coordination?.status.paused;
  const page = peers.value?.find(({ id }) => id === coordinator?.id)?.page;
  return (
    <section>
      <h2>Learning together</h2>
      <p>
        {coordinator === undefined ? (
          'No node coordinates yet: one is elected within seconds where a node may.'
        ) : (
          <>
            <strong>
              {coordinator.self ? `${node.value?.name ?? coordinator.name} (this node)` : coordinator.name}
            </strong>{' '}
            coordinates, term {coordinator.term}.{' '}
            {!coordinator.self && page !== undefined && <a href={`${page}#/learning`}>Its page</a>}
          </>
        )}
      </p>
      {unknown !== undefined && coordinator !== undefined && <p class="cause">{unknown}</p>}
      {paused !== undefined && (
        <p class="cause">
          Rounds are paused by {paused.by}, since <Time at={paused.at} />: {paused.reason}
        </p>
      )}
      {shipping !== undefined && (
        <p class="muted">
          {shipping.lagRows === 0
            ? 'All experience of this board is at the coordinator.'
            : `${shipping.lagRows} rows of experience wait to be sent, the oldest for ${duration(shipping.lagSeconds)}.`}
        </p>
      )}
      {coordinator?.self === true && may('admin') && coordination !== undefined && (
        <div class="action-line">
          {paused === undefined ? (
            <button
              type="button"
              class="quiet"
              onClick={() =>
                ask({
                  ...{ title: 'Pause rounds?', action: 'Pause' },
                  why: 'No new round begins until rounds are resumed, also after a restart or on another coordinator. One that runs ends as usual.',
                  run: () => post('/federation/pause', { reason: 'paused on the page' }),
                })
              }
            >
              Pause rounds
            </button>
          ) : (
            <button type="button" class="quiet" onClick={() => run(() => post('/federation/resume'))}>
              Resume rounds
            </button>
          )}
        </div>
      )}
      {said}
      <details>
        <summary>Who would take over</summary>
        <p class="muted">
          The seat goes to the node that is nearest to all others and likely to stay. A name in the configuration goes
          before.
        </p>
        <Table
          caption="Nodes that could coordinate, the best first"
          columns={COLUMNS}
          rows={candidates.slice(0, MOST_SHOWN).map((one) => ({
            key: one.node.id,
            cells: [one.node.name, latency(one.cost), one.candidate ? 'yes' : 'no', one.present ? 'yes' : 'away'],
          }))}
          empty="No other node was heard of."
        />
      </details>
    </section>
  );
}
