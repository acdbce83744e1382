// What `…/federation` holds: who coordinates, what goes on and what this board does, how much privacy is left, what waits for
// its owner. Pure.

import type { FederationView } from '../view/federation-schema.ts';

type Duty = FederationView['duties'][number];

/** What somebody must know of first: an update that waits, then what is under way. */
const FIRST: readonly Duty['kind'][] = ['held', 'sending', 'training', 'idle'];

export function federationState(view: FederationView): object {
  const { coordinator, coordination, duties, privacy, held } = view;
  const status = coordination?.status;
  const duty = FIRST.find((kind) => duties.some((one) => one.kind === kind));
  const learners = duties.map(({ learner, title, kind, round, version }) => {
    const account = privacy.find((one) => one.learner === learner);
    return [
      learner,
      {
        ...{ title, duty: kind, round: round ?? null, version: version ?? null },
        sentence: status?.learners.find(({ name }) => name === learner)?.sentence ?? null,
        epsilon: rounded(account?.epsilonBefore),
        budget: account?.budget ?? null,
      },
    ];
  });
  return {
    coordinator: coordinator === undefined ? null : { id: coordinator.id, name: coordinator.name },
    term: coordinator?.term ?? null,
    coordinates: coordinator?.self ?? false,
    paused: status?.paused?.reason ?? null,
    duty: duty ?? 'idle',
    sentence: status?.learners[0]?.sentence ?? view.unknown ?? null,
    budgetLeft: rounded(budgetLeft(view)),
    held: held.filter(({ state }) => state === 'waiting').length,
    learners: Object.fromEntries(learners),
  };
}

/** The least of what the learners' accounts have left, 0 to 1; undefined without a budget. */
export function budgetLeft({ privacy }: Pick<FederationView, 'privacy'>): number | undefined {
  const left = privacy.flatMap(({ budget, epsilonBefore }) =>
    // Nothing is proven any more: nothing is left either.
    budget === undefined ? [] : [epsilonBefore === undefined ? 0 : Math.max(0, 1 - epsilonBefore / budget)],
  );
  return left.length === 0 ? undefined : Math.min(...left);
}

const rounded = (value: number | undefined): number | null => (value === undefined ? null : Number(value.toFixed(3)));
