// The node's services and, where one is degraded, why and when it is tried again.

import type { ServiceView } from '../../../../daemon/view/schema.ts';
import { State } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

const COLUMNS = [{ title: 'Service' }, { title: 'State' }, { title: 'Needed' }, { title: 'Since', number: true }];

export function Services({ list }: { list: readonly ServiceView[] }) {
  return (
    <section>
      <h2>Services</h2>
      <Table
        caption="Services of this node"
        columns={COLUMNS}
        rows={list.map((service) => ({
          key: service.name,
          cells: [
            service.name,
            <>
              <State of={service.state} />
              {service.cause !== undefined && (
                <p class="cause">
                  {service.cause}
                  {service.nextAttemptAt !== undefined && (
                    <>
                      , next try <Time at={service.nextAttemptAt} seconds />
                    </>
                  )}
                </p>
              )}
            </>,
            service.required ? 'required' : 'optional',
            <Time at={service.since} />,
          ],
        }))}
      />
    </section>
  );
}
