// A round as it runs: how far, who, how long; what was refused or counts less, and why.

import { bytes, count, duration, percent } from '../format.ts';
import { Toned } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import type { Tone } from '../parts/tone.ts';
import type { Round } from './rounds.ts';

const COLUMNS = [
  { title: 'Node' },
  { title: 'State' },
  { title: 'Took', number: true },
  { title: 'Expected', number: true },
  { title: 'Examples', number: true },
  { title: 'Counts', number: true },
  { title: 'Why' },
];
const TONES: Readonly<Record<Round['nodes'][number]['state'], Tone>> = {
  invited: 'busy',
  training: 'busy',
  declined: 'off',
  in: 'good',
  away: 'warn',
};

export function RoundNow({ round }: { round: Round }) {
  const { number, state, progress, arrived, wanted, quorum, endsInSeconds, restarts } = round;
  const of = wanted === undefined ? '' : ` of ${wanted}`;
  return (
    <>
      <h3>
        Round {number}: {state}
      </h3>
      <div class="progress">
        <div
          class="progress-bar"
          role="progressbar"
          aria-label={`Updates of round ${number}`}
          aria-valuenow={Math.round(progress * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <span class="share-succeeded" style={{ width: `${progress * 100}%` }} />
        </div>
      </div>
      <p class="muted">
        {arrived}
        {of} updates, {bytes(round.bytes)}
        {quorum !== undefined && `; without ${quorum} it fails`}
        {endsInSeconds !== undefined && `; ends in ${duration(endsInSeconds)} at the latest`}
        {restarts > 0 && `; taken up again ${count(restarts, 'time')}`}
      </p>
      <RoundNodes round={round} />
    </>
  );
}

/** Who took part, and what was refused. */
export function RoundNodes({ round: { number, nodes, refused } }: { round: Round }) {
  return (
    <>
      <Table
        caption={`Nodes of round ${number}`}
        columns={COLUMNS}
        rows={nodes.map(({ node, state, seconds, expectedSeconds, examples, share, why, doubt }) => ({
          key: node.id,
          cells: [
            node.name,
            <Toned key="state" tone={TONES[state]}>
              {state}
            </Toned>,
            seconds === undefined ? '' : duration(seconds),
            duration(expectedSeconds),
            examples,
            share === undefined ? '' : percent(share),
            doubt === undefined ? (why ?? '') : `${doubt.reason}: ${doubt.evidence}`,
          ],
        }))}
        empty="No node is asked yet."
      />
      {refused.map(({ node, reason, count: times, cause }) => (
        <p key={`${node.id} ${reason}`} class="cause">
          Refused from {node.name}, {count(times, 'time')}: {reason}, {cause}
        </p>
      ))}
    </>
  );
}
