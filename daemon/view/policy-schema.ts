// What is seen of the learned scheduler: which one serves and why, how it is judged, what it learned, which policies there
// are.

import { type Static, Type } from 'typebox';
import { Lineage } from '../../agents/parl/policy.ts';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Scheduler = Type.String({ description: 'Name of a scheduler.', maxLength: 64 });
export const PolicyVersion = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: 'The first 16 hexadecimal digits of the SHA-256 of its parameters.',
});

export const JudgementView = Type.Object(
  {
    serves: Scheduler,
    why: Type.String(),
    gain: Type.Number({
      description: 'Mean completion time of jobs under the best other scheduler over that under the policy.',
    }),
    over: Scheduler,
    at: At,
    jobs: Type.Integer({ description: 'Recent jobs that were replayed.' }),
    cost: Type.Optional(
      Type.Number({
        description:
          'Mean completion time of jobs under the policy over that under the one before; missing where there is none.',
      }),
    ),
  },
  { description: 'The newest comparison on the jobs that this node really had.' },
);

export const LearningPointView = Type.Object({
  at: At,
  kind: Type.Union([Type.Literal('practise'), Type.Literal('learn')], {
    description: '`practise`: in replays and generated jobs. `learn`: from what was lived through.',
  }),
  decisions: Type.Integer(),
  return: Type.Number({ description: 'Mean sum of rewards, a job (practise) or a decision (learn).' }),
  entropy: Type.Number(),
  divergence: Type.Number({ description: 'KL divergence of the new policy from the one before.' }),
  explainedVariance: Type.Number({ description: 'Of the returns, by the critic: 1 is all.' }),
});
export type LearningPointView = Static<typeof LearningPointView>;

export const KeptPolicyView = Type.Object({
  version: PolicyVersion,
  current: Type.Boolean({ description: 'The one that serves where the learned scheduler does.' }),
  lineage: Lineage,
  merit: Type.Optional(
    Type.Object(
      { gain: Type.Number(), over: Scheduler, at: At },
      { description: 'How it did in the comparison that brought it in.' },
    ),
  ),
});
export type KeptPolicyView = Static<typeof KeptPolicyView>;

export const PolicyView = Type.Object({
  scheduler: Type.String({ description: 'Name of the scheduler that places tasks now.' }),
  why: Type.String({ description: 'Why it does, in words.' }),
  policy: Type.Optional(PolicyVersion),
  judgement: Type.Optional(JudgementView),
  recentJobs: Type.Integer({ description: 'Jobs that schedulers are judged on.' }),
  experience: Type.Object(
    {
      rows: Type.Integer(),
      bytes: Type.Integer(),
      skipped: Type.Integer({ description: 'Decisions that were not kept: the hour’s bytes were spent.' }),
    },
    { description: 'Decisions that were lived through, in batches.' },
  ),
  lessonSeconds: Type.Number({ description: 'Processor seconds that lessons took since the start.' }),
  curve: Type.Array(LearningPointView, { description: 'Updates since the start, newest last: at most 200.' }),
  policies: Type.Array(KeptPolicyView, { description: 'The current one first, then the newest.' }),
});
export type PolicyView = Static<typeof PolicyView>;

export const ImportedPolicyView = Type.Object({
  version: PolicyVersion,
  signedBy: Type.Union([Type.Literal('member'), Type.Literal('stranger'), Type.Literal('nobody')], {
    description: 'A signature that is wrong is refused; one of a node of another network is not.',
  }),
});
export type ImportedPolicyView = Static<typeof ImportedPolicyView>;
