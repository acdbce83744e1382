// What may leave this board: ε spent and left, the owner's consent, and what waits for the owner's word.

import type { FederationView, PrivacyView } from '../../../daemon/view/federation-schema.ts';
import { bytes, count } from '../format.ts';
import { may } from '../live/access.ts';
import { post, put } from '../live/api.ts';
import { federation } from '../live/live.ts';
import { useChanges } from '../parts/changes.tsx';
import { Toned } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { budgetOf } from './rounds.ts';

const KINDS = ['updates', 'experience', 'metrics'] as const;
const CHOICES = ['allow', 'ask', 'deny'] as const;
const HELD = [
  { title: 'What' },
  { title: 'To' },
  { title: 'Size', number: true },
  { title: 'Since' },
  { title: 'Word' },
];

export function Privacy() {
  const { privacy = [], held = [] } = federation.value ?? {};
  return (
    <section>
      <h2>What leaves this board</h2>
      <Held held={held} />
      {privacy.map((one) => (
        <Account key={one.learner} account={one} />
      ))}
    </section>
  );
}

function Account({ account }: { account: PrivacyView }) {
  const { learner, title, consent, clip, noise, roundsLeft, participations, epsilonEver, refused } = account;
  const { ask, run, said } = useChanges();
  const budget = budgetOf(account);
  const choose = (kind: string, choice: string) =>
    run(() => put('/federation/consent', { learner, kind, ...(choice !== '' && { choice }) }));
  return (
    <>
      <h3>{title}</h3>
      {budget.kind === 'limited' && (
        <div class="budget">
          <div class="meter" role="img" aria-label={`Privacy budget: ${budget.word}`}>
            <span style={{ width: `${budget.spent * 100}%` }} />
            <span class="share-running" style={{ width: `${(budget.after - budget.spent) * 100}%` }} />
          </div>
          <Toned tone={budget.tone}>{budget.word}</Toned>
        </div>
      )}
      <p>
        {budget.sentence} {roundsLeft !== undefined && `${count(roundsLeft, 'round')} left.`}
      </p>
      {refused !== undefined && <p class="cause">{refused}</p>}
      {account.budget !== undefined && may('admin') && (
        <div class="action-line">
          <button
            type="button"
            class="quiet"
            onClick={() =>
              ask({
                ...{ title: `Begin a new period of the budget of ${title}?`, action: 'Begin' },
                why: `This board may then give away ε ${account.budget} once more. What it gave away so far stays given away.`,
                run: () => post(`/federation/accounts/${encodeURIComponent(learner)}`),
              })
            }
          >
            Begin a new period
          </button>
        </div>
      )}
      <p class="muted">
        Clipped to {clip}
        {noise > 0 && `, noise ${noise} clips`}. Took part {count(participations, 'time')}
        {epsilonEver !== undefined && `, ε ${epsilonEver.toFixed(2)} in all`}.
      </p>
      <div class="filters consent">
        {KINDS.map((kind) =>
          may('admin') ? (
            <label key={kind}>
              {kind}
              <select value={consent[kind]} onChange={(event) => choose(kind, event.currentTarget.value)}>
                {CHOICES.map((choice) => (
                  <option key={choice} value={choice}>
                    {choice}
                  </option>
                ))}
                <option value="">as configured</option>
              </select>
            </label>
          ) : (
            <p key={kind}>
              {kind}: <strong>{consent[kind]}</strong>
            </p>
          ),
        )}
      </div>
      {said}
    </>
  );
}

function Held({ held }: { held: FederationView['held'] }) {
  const { run, said } = useChanges();
  const decide = (id: string, approve: boolean) => run(() => post(`/federation/held/${id}`, { approve }));
  return (
    <>
      <Table
        caption="What waits for the owner of this board"
        columns={HELD}
        rows={held.map(({ id, learner, kind, to, round, bytes: size, state, heldAt }) => ({
          key: id,
          cells: [
            `${kind} of ${learner}, round ${round}`,
            to.name,
            bytes(size),
            <Time key="since" at={heldAt} />,
            state !== 'waiting' || !may('admin') ? (
              state
            ) : (
              <span key="word" class="inline">
                <button type="button" class="quiet small" onClick={() => decide(id, true)}>
                  Approve
                </button>
                <button type="button" class="quiet small" onClick={() => decide(id, false)}>
                  Refuse
                </button>
              </span>
            ),
          ],
        }))}
        empty="Nothing waits for the owner."
      />
      {said}
    </>
  );
}
