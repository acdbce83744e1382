// What is unusual now, each with its explanation and a button for "it is known"; the score over the last hour; and the nodes of
// this area beside their like.

import './anomaly.css';
import { useEffect, useState } from 'preact/hooks';
import type { FleetMemberView, RaisedAnomaly } from '../../../daemon/view/anomaly-schema.ts';
import { count, figure, percent } from '../format.ts';
import { may } from '../live/access.ts';
import { ApiError, get, post, remove } from '../live/api.ts';
import { anomalies } from '../live/live.ts';
import { readable } from '../live/names.ts';
import { useChanges } from '../parts/changes.tsx';
import { Chart } from '../parts/chart.tsx';
import { Mark, Toned } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const HOUR_MS = 3_600_000;
const REFRESH_MS = 30_000;
const FLEET = [
  { title: 'Node' },
  { title: 'Board' },
  { title: 'Own score', number: true },
  { title: 'Unlike', number: true },
  { title: 'By what' },
];
const SHARE: readonly [number, number] = [0, 1];

export function Anomalies() {
  const view = anomalies.value;
  if (view === undefined || !view.enabled) return null;
  const learning = view.series.filter(({ state }) => state === 'learning').length;
  return (
    <section>
      <div class="heading">
        <h2>{view.raised.length === 0 ? 'Nothing is unusual' : 'What is unusual'}</h2>
        <span class="muted">
          {view.series.length} series are watched{learning > 0 && `, ${learning} are being learned`}
        </span>
      </div>
      <ScoreChart />
      {view.raised.length > 0 && (
        <ul class="unusual">
          {view.raised.map((one) => (
            <Unusual key={one.id} one={one} />
          ))}
        </ul>
      )}
      <Fleet members={view.fleet} />
    </section>
  );
}

/** How anomalous the node was over the last hour. */
function ScoreChart() {
  const [samples, setSamples] = useState<[number, number][]>([]);
  useEffect(() => {
    const load = async (): Promise<void> => {
      try {
        setSamples(await get<[number, number][]>(`/history?series=score&since=${Date.now() - HOUR_MS}`));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // The page's banner tells when the node cannot be reached.
      }
    };
    void load();
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const last = samples.at(-1)?.[1];
  const label = `Anomaly score over the last hour${last === undefined ? '' : `, now ${percent(last)}`}`;
  return (
    <div class="vital">
      <Chart samples={samples} range={SHARE} onPoint={() => {}} label={label} />
      <p class="muted" aria-hidden="true">
        {label}
      </p>
    </div>
  );
}

function Unusual({ one }: { one: RaisedAnomaly }) {
  const { run, said } = useChanges();
  const isKnown = one.muted === 'acknowledged';
  const path = `/anomalies/${one.id}/acknowledge`;
  return (
    <li>
      <details>
        <summary>
          <Mark tone={one.muted === undefined ? 'warn' : 'off'} />
          <span class="unusual-what">
            {one.metric} of {readable(one.subject)} is {figure(one.value)}
            {one.usual !== undefined && `, usually ${figure(one.usual.low)} to ${figure(one.usual.high)}`}
          </span>
          <span class="muted">
            since <Time at={one.since} />
            {isKnown && ', known'}
            {one.muted === 'quiet-hours' && ', quiet hours'}
          </span>
        </summary>
        <p>One of {one.oneOf.toLocaleString('en-GB')} values is as unusual.</p>
        <ul class="lines">
          {one.reasons.map(({ trait, sentence, share }) => (
            <li key={trait}>
              <span>
                {sentence} <span class="muted">{percent(share)} of the surprise</span>
              </span>
            </li>
          ))}
          {one.together.map(({ subject, metric, at }) => (
            <li key={`${subject} ${metric}`}>
              <span>
                {metric} of {readable(subject)} changed with it{' '}
                <span class="muted">
                  <Time at={at} seconds />
                </span>
              </span>
            </li>
          ))}
        </ul>
      </details>
      {may('act') && (
        <button
          type="button"
          class="quiet"
          onClick={() => run(() => (isKnown ? remove(path) : post(path, { reason: 'acknowledged on the page' })))}
        >
          {isKnown ? 'Tell of it again' : 'It is known'}
        </button>
      )}
      {said}
    </li>
  );
}

/** The most unlike first. */
function Fleet({ members }: { members: readonly FleetMemberView[] }) {
  if (members.length < 2) return null;
  const rows = members.toSorted((a, b) => b.unlike - a.unlike || b.score - a.score).slice(0, 20);
  return (
    <details class="fleet" open={rows.some(({ since }) => since !== undefined)}>
      <summary>Nodes beside their like</summary>
      <Table
        caption="Nodes beside their like, the most unlike first"
        columns={FLEET}
        rows={rows.map(({ node, name, profile, score, unlike, comparedWith, since, sentence }) => ({
          key: node,
          cells: [
            <Toned tone={since === undefined ? 'good' : 'warn'}>{name}</Toned>,
            profile,
            percent(score),
            percent(unlike),
            <span class="muted">
              {sentence?.replace(/^.*?: /, '') ?? (comparedWith < 5 ? `only ${count(comparedWith, 'such board')}` : '')}
            </span>,
          ],
        }))}
      />
    </details>
  );
}
