// The models at hand, with their licence, and why one cannot be used.

import type { ModelView } from '../../../../daemon/view/schema.ts';
import { useResource } from '../../live/resource.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { State } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';

const COLUMNS = [
  { title: 'Model' },
  { title: 'State' },
  { title: 'Task' },
  { title: 'Input' },
  { title: 'Classes', number: true },
  { title: 'Licence' },
  { title: 'SHA-256' },
];

export function Models() {
  const [models] = useResource<ModelView[]>('/models');
  return (
    <section>
      <h2>Models</h2>
      <Loaded resource={models}>
        {(list) => (
          <Table
            caption="Models of this node"
            columns={COLUMNS}
            rows={list.map((model) => ({
              key: model.id,
              cells: [
                <>
                  {model.title}
                  <span class="muted under">
                    {model.id}
                    {model.isDefault && ', in use by default'}
                  </span>
                </>,
                <>
                  <State of={model.state} />
                  {model.cause !== undefined && <p class="cause">{model.cause}</p>}
                </>,
                model.task,
                model.inputSize.join(' × '),
                model.classes,
                model.licence,
                <code title={model.sha256}>{model.sha256.slice(0, 12)}</code>,
              ],
            }))}
            empty="No model is installed: cameras show pictures and detect nothing."
          />
        )}
      </Loaded>
    </section>
  );
}
