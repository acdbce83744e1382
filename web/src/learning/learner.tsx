// One thing that is learned together: the round as it runs, past rounds, the roll-out, and where models come from.

import { useEffect } from 'preact/hooks';
import type { ModelsView, RolloutView, RoundsView } from '../../../daemon/view/federation-schema.ts';
import { count, duration } from '../format.ts';
import { may } from '../live/access.ts';
import { post, remove } from '../live/api.ts';
import { federation } from '../live/live.ts';
import { useResource } from '../live/resource.ts';
import { useChanges } from '../parts/changes.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Lineage } from './lineage.tsx';
import { PastRounds } from './past-rounds.tsx';
import { RoundNow } from './round-now.tsx';
import { dutyInWords, isOver } from './rounds.ts';

/** Rounds go on elsewhere without a word to this node. */
const LOOK_AGAIN_MS = 5_000;
const ROUNDS = 50;

export function Learner({ name }: { name: string }) {
  const known = federation.value;
  const query = `learner=${encodeURIComponent(name)}&limit=${ROUNDS}`;
  const [rounds, roundsAgain] = useResource<RoundsView>(`/federation/rounds?${query}`, known);
  const [models] = useResource<ModelsView>(`/federation/models?${query}`, known);
  const { ask, run, said } = useChanges();
  const status = known?.coordination?.status.learners.find((one) => one.name === name);
  const rollout = known?.coordination?.rollouts.find(({ learner }) => learner === name);
  const duty = known?.duties.find(({ learner }) => learner === name);

  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && roundsAgain(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [roundsAgain]);

  const running = rounds.kind === 'ready' ? rounds.value.find((round) => !isOver(round)) : undefined;
  const past = rounds.kind === 'ready' ? rounds.value.filter(isOver) : [];
  const isNew =
    rounds.kind === 'ready' &&
    past.length === 0 &&
    models.kind === 'ready' &&
    models.value.length === 0 &&
    rollout?.rolling === undefined &&
    rollout?.judging === undefined;
  return (
    <section class="learner" aria-label={duty?.title ?? name}>
      <h2>{duty?.title ?? name}</h2>
      <p>{status?.sentence ?? 'What goes on is known where rounds are run.'}</p>
      {status?.trouble !== undefined && <p class="cause">{status.trouble}</p>}
      {status !== undefined && (
        <p class="muted">
          {count(status.candidates, 'node')} could take part, with {count(status.examples, 'new example')}. Updates
          become one by {status.aggregation.rule === 'default' ? 'the robust default' : status.aggregation.rule}.
        </p>
      )}
      {duty !== undefined && (
        <p class="muted">
          {dutyInWords(duty)}
          {duty.sinceSeconds !== undefined && duty.kind !== 'idle' && `, for ${duration(duty.sinceSeconds)}`}. It could
          bring {count(duty.examples, 'new example')}.
        </p>
      )}
      {known?.coordinator?.self === true && may('admin') && (
        <div class="action-line">
          {running === undefined ? (
            <button
              type="button"
              class="quiet"
              onClick={() => run(() => post('/federation/rounds', { learner: name }))}
            >
              Begin a round
            </button>
          ) : (
            <button
              type="button"
              class="quiet"
              onClick={() =>
                ask({
                  ...{ title: `Cancel round ${running.number}?`, action: 'Cancel the round' },
                  why: 'Nothing of it counts: boards keep what they learned and may bring it to the next one.',
                  run: () => remove(`/federation/rounds/${encodeURIComponent(name)}`),
                })
              }
            >
              Cancel round {running.number}
            </button>
          )}
        </div>
      )}
      {said}
      {running !== undefined && <RoundNow round={running} />}
      {isNew ? (
        <p class="muted">No round has ended yet, and no model was made.</p>
      ) : (
        <>
          <Rolling rollout={rollout} />
          <Loaded resource={rounds}>
            {() => <PastRounds rounds={past} models={models.kind === 'ready' ? models.value : []} />}
          </Loaded>
          <h3>Where models come from</h3>
          <Loaded resource={models}>{(list) => <Lineage models={list} />}</Loaded>
        </>
      )}
    </section>
  );
}

function Rolling({ rollout }: { rollout: RolloutView | undefined }) {
  if (rollout === undefined) return null;
  const { rolling, judging, words, strays } = rollout;
  return (
    <>
      <h3>Roll-out</h3>
      {rolling === undefined ? (
        <p>
          {judging === undefined ? (
            'No model is on its way.'
          ) : (
            <>
              <code>{judging}</code> is played against the model that serves; {count(words, 'node')} said something.
            </>
          )}
        </p>
      ) : (
        <p>
          <code>{rolling.version}</code> at {rolling.stage} for {duration(rolling.held)},{' '}
          {count(rolling.samples, 'piece')} of work:{' '}
          {Object.entries(rolling.nodes)
            .filter(([, number]) => number > 0)
            .map(([state, number]) => `${count(number, 'node')} ${STANDINGS[state] ?? state}`)
            .join(', ') || 'no node yet'}
          .
        </p>
      )}
      {rolling?.findings.map((finding) => (
        <p key={finding} class="cause">
          {finding}
        </p>
      ))}
      {strays > 0 && <p class="cause">{count(strays, 'node')} may still serve what was taken back.</p>}
    </>
  );
}

const STANDINGS: Readonly<Record<string, string>> = {
  asked: 'asked',
  serves: 'with it',
  declined: 'without it by choice',
  left: 'away',
};
