// The book of what left this board, newest first.

import type { FederationLedgerView } from '../../../daemon/view/federation-schema.ts';
import { bytes, UNKNOWN } from '../format.ts';
import { federation } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const COLUMNS = [
  { title: 'When' },
  { title: 'What' },
  { title: 'To' },
  { title: 'Round', number: true },
  { title: 'Examples', number: true },
  { title: 'Size', number: true },
  { title: 'Seen' },
  { title: 'ε after', number: true },
];

export function Ledger() {
  const [ledger] = useResource<FederationLedgerView>('/federation/ledger?limit=20', federation.value);
  return (
    <section>
      <h2>What has left</h2>
      <Loaded resource={ledger}>
        {({ entries }) => (
          <Table
            caption="What left this board, newest first"
            columns={COLUMNS}
            rows={entries.map(({ number, at, learner, kind, to, round, bytes: size, examples, secure, epsilon }) => ({
              key: String(number),
              cells: [
                <Time key="at" at={at} />,
                `${kind} of ${learner}`,
                to.name,
                round,
                examples,
                bytes(size),
                secure ? 'only in a sum' : 'by itself',
                epsilon === undefined ? UNKNOWN : epsilon.toFixed(2),
              ],
            }))}
            empty="Nothing has left this board."
          />
        )}
      </Loaded>
    </section>
  );
}
