// How the whole network bears its traffic: what must not fail, and which links carry most. Asked for anew whenever a
// link comes or goes.

import type { PlanView } from '../../../daemon/view/route-schema.ts';
import { bytes, count, percent } from '../format.ts';
import { topology } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Table } from '../parts/table.tsx';

const MOST_ROWS = 8;

export function MeshPlan() {
  const shape = (topology.value?.links ?? [])
    .filter(({ state }) => state !== 'down')
    .map(({ a, b }) => `${a} ${b}`)
    .sort()
    .join();
  const [plan] = useResource<PlanView>('/routes/plan', shape);
  return (
    <section>
      <h2>Weak points</h2>
      <Loaded resource={plan}>
        {(known) => (
          <>
            <Cuts plan={known} />
            <Busiest plan={known} />
          </>
        )}
      </Loaded>
    </section>
  );
}

const CUT_COLUMNS = [{ title: 'Must not fail' }, { title: 'Would cut off', number: true }];

function Cuts({ plan }: { plan: PlanView }) {
  const rows = [
    ...plan.cutNodes.map(({ node, nodeName, cutsOff }) => ({ key: node, cells: [nodeName, count(cutsOff, 'node')] })),
    ...plan.cutLinks.map(({ a, aName, b, bName, cutsOff }) => ({
      key: `${a} ${b}`,
      cells: [`Link ${aName} – ${bName}`, count(cutsOff, 'node')],
    })),
  ];
  return (
    <Table
      caption="Nodes and links that cut others off when they fail"
      columns={CUT_COLUMNS}
      rows={rows.slice(0, 2 * MOST_ROWS)}
      empty="No single node or link cuts others off when it fails."
    />
  );
}

const BUSY_COLUMNS = [
  { title: 'Busiest link' },
  { title: 'Share of traffic', number: true },
  { title: 'With better costs', number: true },
  { title: 'Measured', number: true },
];

function Busiest({ plan }: { plan: PlanView }) {
  const rows = plan.busiest.slice(0, MOST_ROWS).map(({ a, aName, b, bName, load, share, planned, measured }) => ({
    key: `${a} ${b}`,
    cells: [`${aName} – ${bName}`, percent(share), percent((share * planned) / load), `${bytes(measured)}/s`],
  }));
  const { maximum, improved, changes, moved, meanCost } = plan.weights;
  return (
    <>
      <Table caption="Links that carry most" columns={BUSY_COLUMNS} rows={rows} empty="There are no links." />
      {plan.traffic === 'uniform' && rows.length > 0 && (
        <p class="muted">
          If all nodes sent each other the same: they measured only {bytes(plan.measuredTotal)}/s, too little to plan
          on.
        </p>
      )}
      {changes.length > 0 && (
        <p class="muted">
          Other link costs could take {percent(1 - improved / maximum)} off the busiest link that has a way around it.
          They would move {count(moved.pairs, 'route')}, and a path would cost{' '}
          {(meanCost.after - meanCost.before).toFixed(1)} ms more on average: <code>parlmesh routes plan</code>
        </p>
      )}
      {plan.steering !== undefined && plan.steering.kind !== 'idle' && (
        <p>
          A plan is in force, step {plan.steering.step} of {plan.steering.steps}: {count(plan.steering.links, 'cost')}{' '}
          above what is measured. <code>parlmesh routes plan --undo</code> takes it back.
        </p>
      )}
    </>
  );
}
