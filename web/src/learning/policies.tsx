// The learned scheduler: which one serves and why, how the policy is judged, what it learned, and the policies to go back to.

import { useState } from 'preact/hooks';
import type { LearningPointView } from '../../../daemon/view/policy-schema.ts';
import { bytes, count, UNKNOWN } from '../format.ts';
import { may } from '../live/access.ts';
import { post } from '../live/api.ts';
import { policy } from '../live/live.ts';
import { useChanges } from '../parts/changes.tsx';
import { Chart } from '../parts/chart.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const CURVES: readonly {
  title: string;
  of: keyof LearningPointView & ('return' | 'divergence' | 'entropy' | 'explainedVariance');
}[] = [
  { title: 'Return', of: 'return' },
  { title: 'KL divergence', of: 'divergence' },
  { title: 'Entropy', of: 'entropy' },
  { title: 'Explained variance', of: 'explainedVariance' },
];

const COLUMNS = [
  { title: 'Policy' },
  { title: 'Lineage' },
  { title: 'Decisions', number: true },
  { title: 'Gain', number: true },
  { title: 'Made' },
  { title: 'Change' },
];

const JUDGED_BEFORE = 'The policy is judged on recent jobs before it serves. Jobs go on meanwhile.';

export function Policies() {
  const known = policy.value;
  const { ask, said } = useChanges();
  if (known === undefined) return null;
  const { scheduler, why, judgement, recentJobs, experience, curve, policies } = known;
  return (
    <section>
      <h2>Scheduler of this node</h2>
      <p>
        Tasks are placed by <strong>{scheduler}</strong>: {why}.
      </p>
      <p class="muted">
        {judgement === undefined
          ? `Not judged yet: ${count(recentJobs, 'recent job')}.`
          : `Gain ${judgement.gain.toFixed(2)} over ${judgement.over}, on ${count(judgement.jobs, 'recent job')}.`}{' '}
        {count(experience.rows, 'batch', 'batches')} of experience, {bytes(experience.bytes)}.
      </p>
      {curve.length > 1 && (
        <div class="vitals">
          {CURVES.map((one) => (
            <Curve key={one.of} {...one} curve={curve} />
          ))}
        </div>
      )}
      <Table
        caption="Policies that this node holds"
        columns={COLUMNS}
        rows={policies.map(({ version, current, lineage, merit }) => ({
          key: version,
          cells: [
            <>
              <code>{version}</code>
              {current && <span class="under">current</span>}
            </>,
            <>
              {lineage.kind}
              {lineage.parent !== undefined && (
                <span class="under">
                  from <code>{lineage.parent.slice(0, 8)}</code>
                </span>
              )}
              {lineage.note !== undefined && <span class="under">{lineage.note}</span>}
            </>,
            lineage.decisions,
            merit === undefined ? '' : merit.gain.toFixed(2),
            lineage.madeAt === 0 ? 'packaged' : <Time key="made" at={lineage.madeAt} />,
            current || !may('admin') ? (
              ''
            ) : (
              <button
                type="button"
                class="quiet"
                onClick={() =>
                  ask({
                    title: `Promote policy ${version}?`,
                    action: 'Promote',
                    why: JUDGED_BEFORE,
                    run: () => post('/policy/promote', { version }),
                  })
                }
              >
                Promote
              </button>
            ),
          ],
        }))}
        empty="No policy is loaded."
      />
      {policies.length > 1 && may('admin') && (
        <div class="buttons">
          <button
            type="button"
            class="quiet"
            onClick={() =>
              ask({
                title: 'Roll back?',
                action: 'Roll back',
                why: JUDGED_BEFORE,
                run: () => post('/policy/rollback'),
              })
            }
          >
            Roll back to the policy before
          </button>
        </div>
      )}
      {said}
    </section>
  );
}

/** Over updates, not over time: many come at once, and then none for long. */
function Curve({ title, of, curve }: (typeof CURVES)[number] & { curve: readonly LearningPointView[] }) {
  const [shown, show] = useState<number>();
  const points = curve.filter(({ kind }) => kind === 'practise');
  const values = points.map((point) => point[of]);
  const value = shown === undefined ? values.at(-1) : values[shown];
  return (
    <div class="vital">
      <h2>{title}</h2>
      <p class="figure">{value === undefined ? UNKNOWN : value.toPrecision(3)}</p>
      <Chart
        samples={values.map((each, index) => [index * 1_000, each] as const)}
        span="all"
        onPoint={(point) => show(point && Math.round(point.at / 1_000))}
        label={`${title} over ${points.length} updates`}
      />
    </div>
  );
}
