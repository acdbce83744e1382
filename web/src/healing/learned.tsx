// What the node learned: each action on each fault, how often it helped, and how soon.

import type { HealingView } from '../../../daemon/view/incident-schema.ts';
import { figure, percent, UNKNOWN } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { seconds } from './story.ts';

const COLUMNS = [
  { title: 'Fault' },
  { title: 'Action' },
  { title: 'Tries', number: true },
  { title: 'Helped', number: true },
  { title: 'Time to recover', number: true },
];

export function Learned({ knowledge }: Pick<HealingView, 'knowledge'>) {
  const rows = knowledge.toSorted((a, b) => a.fault.localeCompare(b.fault) || b.tries - a.tries);
  return (
    <section>
      <h2>What was learned</h2>
      <Table
        caption="What was learned of each action on each fault"
        columns={COLUMNS}
        rows={rows.map(({ fault, action, tries, helped, seconds: took }) => ({
          key: `${fault} ${action}`,
          cells: [
            fault,
            <code key="action">{action}</code>,
            figure(tries),
            tries > 0 ? percent(helped / tries) : UNKNOWN,
            took === undefined ? UNKNOWN : seconds(took * 1000),
          ],
        }))}
        empty="Nothing yet: each repair that is tried adds to it."
      />
    </section>
  );
}
