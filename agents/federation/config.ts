// Settings of the rounds: who coordinates, how often, how long nodes are waited for, and what becomes of their updates.
// Privacy, aggregation and roll-out declare their own beside it.

import { type Static, Type } from 'typebox';
import { AggregationConfig, RuleOverrides } from './aggregation/config.ts';

export const DeadlineConfig = Type.Object(
  {
    least: Type.Number({
      default: 5,
      minimum: 0.1,
      maximum: 86_400,
      description:
        'Seconds that a round lasts at least, unless all have answered before. More gives nodes that nobody has measured yet time to show how fast they are.',
    }),
    most: Type.Number({
      default: 600,
      minimum: 1,
      maximum: 604_800,
      description:
        'Seconds after which a round is over whatever is missing. Between the two the deadline follows from how fast the nodes were: see `slack`.',
    }),
    slack: Type.Number({
      default: 1.5,
      minimum: 1,
      maximum: 10,
      description:
        'The deadline is this many times the time in which the wanted number of nodes is expected to be done (each by the slow tenth of its own past). More waits longer for nodes that are slower than usual; less drops them sooner.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'How long a round waits.' },
);
export type DeadlineConfig = Static<typeof DeadlineConfig>;

export const SelectionConfig = Type.Object(
  {
    share: Type.Number({
      default: 0.5,
      exclusiveMinimum: 0,
      maximum: 1,
      description:
        'Share of the nodes that have something to teach whose updates a round wants. 1 asks all of them each time: the most is learned in a round, and every board works in every round.',
    }),
    least: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 10_000,
      description: 'Updates that a round wants at least, where so many nodes have something to teach.',
    }),
    most: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 10_000,
      description: 'Updates that a round wants at most: memory and bandwidth of the coordinator grow with it.',
    }),
    overSelection: Type.Number({
      default: 1.5,
      minimum: 1,
      maximum: 3,
      description:
        'So many times as many nodes are invited at most as are wanted. How many really are follows from how often each of them delivered. 1 invites no more than wanted; what comes after enough have delivered is work for nothing.',
    }),
    battery: Type.Number({
      default: 0.3,
      minimum: 0,
      maximum: 1,
      description: 'Charge, 0 to 1, below which a board on battery is not asked.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Who is asked.' },
);
export type SelectionConfig = Static<typeof SelectionConfig>;

export const AsynchronousConfig = Type.Object(
  {
    buffer: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1000,
      description:
        'Updates after which a new model is made (K of FedBuff). Fewer makes models sooner, each from less and noisier.',
    }),
    staleness: Type.Integer({
      default: 8,
      minimum: 0,
      maximum: 100,
      description:
        'Rounds that an update may be late. It counts 1/√(1 + rounds late); later ones are refused. More takes in slow boards, and remembers as many rounds.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Asynchronous rounds only.' },
);
export type AsynchronousConfig = Static<typeof AsynchronousConfig>;

/** How the nodes train for one learner. */
export const LearnerConfig = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Take part with this learner.' }),
    epochs: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 1000,
      description: 'Passes over what a node has, in one round. More learns more in a round and drifts further apart.',
    }),
    proximal: Type.Number({
      default: 0.01,
      minimum: 0,
      maximum: 1000,
      description: 'μ of FedProx: how strongly training is held to the model of the round. 0 is plain FedAvg.',
    }),
    budget: Type.Number({
      default: 30,
      exclusiveMinimum: 0,
      maximum: 3600,
      description: 'Seconds of one processor that training may take on a node in one round.',
    }),
    aggregation: Type.Optional(RuleOverrides),
  },
  { additionalProperties: false, default: {}, description: 'One learner.' },
);
export type LearnerConfig = Static<typeof LearnerConfig>;

export const FederationConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Learn together with the other nodes. Without it this node neither takes part nor coordinates.',
    }),
    coordinator: Type.String({
      default: 'auto',
      minLength: 1,
      maxLength: 128,
      description:
        'Name or id of the node that runs the rounds. `auto`: the nodes elect one, and another when it dies.',
    }),
    interval: Type.Number({
      default: 900,
      minimum: 1,
      maximum: 2_592_000,
      description: 'Seconds from the end of a round to the next one of the same learner.',
    }),
    examples: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 1e9,
      description: 'New examples on all nodes together with which the next round begins before its time.',
    }),
    pause: Type.Number({
      default: 30,
      minimum: 0,
      maximum: 86_400,
      description: 'Seconds between two rounds of a learner at least, however much there is to learn.',
    }),
    mode: Type.Union([Type.Literal('synchronous'), Type.Literal('asynchronous')], {
      default: 'synchronous',
      description:
        '`synchronous`: a round waits, within its deadline, for updates of one model. `asynchronous`: a new model is made whenever `buffer` updates have come, of whichever model they were: for boards of very unlike speed.',
    }),
    deadline: DeadlineConfig,
    quorum: Type.Number({
      default: 0.6,
      exclusiveMinimum: 0,
      maximum: 1,
      description:
        'Share of the updates that can be expected by the deadline which must be there for the round to count. Less lets rounds count that few nodes made; more lets more rounds fail.',
    }),
    selection: SelectionConfig,
    asynchronous: AsynchronousConfig,
    aggregation: AggregationConfig,
    learners: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }), LearnerConfig, {
      default: {},
      description: 'Settings of a learner by its name, e.g. `parl-policy`.',
    }),
    store: Type.String({
      default: 'sqlite',
      pattern: '^(sqlite|postgres(ql)?://.+)$',
      maxLength: 500,
      description:
        'Where a coordinator keeps rounds, models and experience. `sqlite`: in this node’s own file. `postgres://…`: for thousands of nodes.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'What one node learns, all know.' },
);
export type FederationConfig = Static<typeof FederationConfig>;
