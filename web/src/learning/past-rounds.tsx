// Rounds that are over: as curves, and as a table in which each can be opened.

import { useState } from 'preact/hooks';
import { duration, figure, UNKNOWN } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Toned } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { RoundNodes } from './round-now.tsx';
import { type Curve, curvesOf, endOf, type Model, type Round, tookOf } from './rounds.ts';

const COLUMNS = [
  { title: 'Round' },
  { title: 'Began' },
  { title: 'Took', number: true },
  { title: 'Updates', number: true },
  { title: 'Examples', number: true },
  { title: 'Refused', number: true },
  { title: 'End' },
  { title: 'What came of it' },
];
const AT_FIRST = 10;

export function PastRounds({ rounds, models }: { rounds: readonly Round[]; models: readonly Model[] }) {
  const [opened, open] = useState<number>();
  const [isAll, showAll] = useState(false);
  const curves = curvesOf(rounds, models);
  const shown = rounds.find(({ number }) => number === opened);
  return (
    <>
      <h3>Past rounds</h3>
      {curves.length > 0 && (
        <div class="vitals curves">
          {curves.map((curve) => (
            <RoundCurve key={curve.title} curve={curve} />
          ))}
        </div>
      )}
      <Table
        caption="Rounds that are over, newest first"
        columns={COLUMNS}
        rows={rounds.slice(0, isAll ? rounds.length : AT_FIRST).map((round) => {
          const { word, tone } = endOf(round);
          const refused = round.refused.reduce((sum, { count }) => sum + count, 0);
          return {
            key: round.id,
            cells: [
              <button
                key="number"
                type="button"
                class="link"
                aria-expanded={opened === round.number}
                onClick={() => open(opened === round.number ? undefined : round.number)}
              >
                {round.number}
              </button>,
              <Time key="began" at={round.startedAt} />,
              duration(tookOf(round)),
              round.wanted === undefined ? round.arrived : `${round.arrived} of ${round.wanted}`,
              round.examples,
              refused === 0 ? '' : refused,
              <Toned key="end" tone={tone}>
                {word}
              </Toned>,
              round.sentence ?? '',
            ],
          };
        })}
        empty="No round has ended yet."
      />
      {!isAll && rounds.length > AT_FIRST && (
        <p class="older">
          <button type="button" class="quiet" onClick={() => showAll(true)}>
            Older rounds
          </button>
        </p>
      )}
      {shown !== undefined && (
        <>
          <h3>Round {shown.number}</h3>
          <RoundNodes round={shown} />
        </>
      )}
    </>
  );
}

/** Over rounds, not over time. */
function RoundCurve({ curve: { title, points } }: { curve: Curve }) {
  const [at, show] = useState<number>();
  const point = points.find(([round]) => round === at) ?? points.at(-1);
  return (
    <div class="vital">
      <h4>{title}</h4>
      <p class="figure">{point === undefined ? UNKNOWN : figure(point[1])}</p>
      <Chart
        samples={points.map(([round, value]) => [round * 1_000, value] as const)}
        span="all"
        onPoint={(found) => show(found && Math.round(found.at / 1_000))}
        label={`${title} over ${points.length} rounds`}
      />
      <p class="muted">round {point?.[0]}</p>
    </div>
  );
}
