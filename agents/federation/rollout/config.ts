// Settings of the way from a candidate to what all nodes serve.

import { type Static, Type } from 'typebox';

export const RolloutConfig = Type.Object(
  {
    canary: Type.Boolean({
      default: true,
      description: 'This node may be among the few that serve a new model first.',
    }),
    evaluators: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 32,
      description:
        'Nodes that play a candidate on what they held back. With five or more the best and the worst of them do not count, so that one liar does not either; each plays for a minute or so.',
    }),
    evaluation: Type.Number({
      default: 600,
      minimum: 1,
      maximum: 86_400,
      description:
        'Seconds that verdicts are waited for. Those of at least half of the nodes that were asked are needed.',
    }),
    margin: Type.Number({
      default: 0.005,
      minimum: 0,
      maximum: 1,
      description:
        'A candidate must be better by this share, and its 95 % interval above 1. More rolls out less often, and only what is plainly better.',
    }),
    patience: Type.Integer({
      default: 20,
      minimum: 0,
      maximum: 1000,
      description:
        'Rounds that go on from candidates of which nobody can tell whether they are better, before they begin again from what serves.',
    }),
    canaries: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 64,
      description:
        'Nodes that serve a new model first; never more than half of those that can be reached, so that there are others to compare with.',
    }),
    stages: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), {
      default: [0.1, 0.5, 1],
      minItems: 1,
      maxItems: 8,
      description: 'Shares of the nodes that serve it after the canaries, one after another. The last should be 1.',
    }),
    samples: Type.Integer({
      default: 40,
      minimum: 2,
      maximum: 100_000,
      description:
        'Pieces of work (jobs, repairs) under the new model that end a stage. Fewer see less: with 40 jobs a slow-down by half is seen nearly always, by a quarter in three of five cases, by a tenth seldom.',
    }),
    leastHold: Type.Number({
      default: 600,
      minimum: 0,
      maximum: 2_592_000,
      description: 'Seconds that a stage lasts at least.',
    }),
    mostHold: Type.Number({
      default: 21_600,
      minimum: 1,
      maximum: 2_592_000,
      description: 'Seconds after which a stage ends however little work there was, unless that little went worse.',
    }),
    worse: Type.Number({
      default: 0.05,
      minimum: 0,
      maximum: 10,
      description: 'A share by which work must go worse, beyond chance, for a model to be taken back.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'How a better model reaches all nodes.' },
);
export type RolloutConfig = Static<typeof RolloutConfig>;
