// How the loop itself does: how much of its budget is used, how long its phases take, what it did not believe.

import '../jobs/jobs.css';
import type { HealingView } from '../../../daemon/view/incident-schema.ts';
import { count, figure, latency, UNKNOWN } from '../format.ts';
import { Table } from '../parts/table.tsx';

type Phase = HealingView['phases'][number];

const COLUMNS = [
  { title: 'Phase' },
  { title: 'Times', number: true },
  { title: 'Mean', number: true },
  { title: 'p50', number: true },
  { title: 'p99', number: true },
];

const PHASES: Readonly<Record<Phase['phase'], string>> = {
  monitor: 'weighing a signal',
  analyze: 'from signals to symptoms',
  plan: 'choosing what to do',
  execute: 'from the plan to the begin of its actions',
  act: 'the actions themselves',
  verify: 'looking whether they helped',
  cycle: 'from the signal to the begin of the first action',
};

/** The last bucket of the histograms ends here. */
const LAST_BUCKET = '> 100 s';

export function Loop({ healing }: { healing: HealingView }) {
  const { budget, phases, ignoredSignals, lostRecords } = healing;
  const ignored = Object.entries(ignoredSignals);
  return (
    <>
      <section>
        <h2>Budget</h2>
        <div class="vitals used">
          <Used title="Last hour" used={budget.actionsLastHour} most={budget.mostPerHour} />
          <Used title="Last minute" used={budget.actionsLastMinute} most={budget.mostPerMinute} />
        </div>
        <p class="muted">
          At most {count(budget.mostPerSubject, 'action')} an hour on one subject; beyond the minute's limit nothing is
          begun for a while.
        </p>
      </section>
      <section>
        <h2>The loop</h2>
        <Table
          caption="How long each phase took since the start"
          columns={COLUMNS}
          rows={phases.map((phase) => ({
            key: phase.phase,
            cells: [
              <>
                {phase.phase}
                <span class="under muted">{PHASES[phase.phase]}</span>
              </>,
              phase.count,
              phase.count === 0 ? UNKNOWN : latency(phase.meanSeconds),
              bound(phase.count, phase.p50Seconds),
              bound(phase.count, phase.p99Seconds),
            ],
          }))}
        />
        {ignored.length > 0 && (
          <p class="muted">
            Signals that were not believed:{' '}
            {ignored.map(([why, number]) => `${number} ${why.replaceAll('-', ' ')}`).join(', ')}.
          </p>
        )}
        {lostRecords > 0 && (
          <p class="cause">{count(lostRecords, 'record')} of repairs could not be written to the store.</p>
        )}
      </section>
    </>
  );
}

function Used({ title, used, most }: { title: string; used: number; most: number }) {
  const share = Math.min(1, used / most);
  return (
    <div class="vital">
      <h3>{title}</h3>
      <p class="figure">{count(used, 'action')}</p>
      <div class="meter" role="img" aria-label={`${used} of ${most}`}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p class="muted">of {most}</p>
    </div>
  );
}

/** A quantile is known to its bucket. */
function bound(times: number, seconds: number): string {
  if (times === 0) return UNKNOWN;
  if (seconds < 0) return LAST_BUCKET;
  return seconds < 1 ? `≤ ${figure(seconds * 1000)} ms` : `≤ ${figure(seconds)} s`;
}
