// The federation as the API, the page and the command line show it: who coordinates, rounds, roll-outs, models, and what
// leaves this board.

import { type Static, Type } from 'typebox';
import { ConsentChoice, LEAVING_KINDS } from '../../agents/federation/privacy/config.ts';
import { LedgerEntry } from '../../agents/federation/privacy/ledger.ts';
import { RolloutRecord } from '../../agents/federation/rollout/lineage.ts';
import { FederationStatus } from '../../agents/federation/rounds/federation-view.ts';
import { RoundView } from '../../agents/federation/rounds/round-view.ts';

const Moment = (description: string) => Type.Number({ description: `${description}, milliseconds since 1970.` });
const Named = Type.Object({ id: Type.String(), name: Type.String() });
const Epsilon = (description: string) =>
  Type.Optional(Type.Number({ description: `${description} Left out where nothing is proven: without noise.` }));

export const RolloutView = Type.Object({
  learner: Type.String(),
  title: Type.String(),
  settled: Type.Optional(Type.String({ description: 'Version that the network serves.' })),
  tip: Type.Optional(Type.String({ description: 'Version that rounds go on from.' })),
  judging: Type.Optional(Type.String({ description: 'Version that nodes play just now.' })),
  words: Type.Integer({ description: 'Nodes that have said something of it.' }),
  rolling: Type.Optional(
    Type.Object({
      version: Type.String(),
      stage: Type.String({ description: '`canaries`, `10 %`.' }),
      held: Type.Number({ description: 'Seconds that it has lasted.' }),
      samples: Type.Integer({ description: 'Pieces of work under it.' }),
      nodes: Type.Record(Type.String(), Type.Integer(), { description: 'Nodes by how they stand to it.' }),
      findings: Type.Array(Type.String()),
    }),
  ),
  strays: Type.Integer({ description: 'Nodes that may still serve what was taken back.' }),
});
export type RolloutView = Static<typeof RolloutView>;

/** What the coordinator knows. */
export const CoordinationView = Type.Object({
  status: FederationStatus,
  rollouts: Type.Array(RolloutView),
});
export type CoordinationView = Static<typeof CoordinationView>;

const DutyView = Type.Object({
  learner: Type.String(),
  title: Type.String(),
  kind: Type.Enum(['idle', 'training', 'held', 'sending'], {
    description: 'What this node does for rounds now; `held` waits for its owner.',
  }),
  round: Type.Optional(Type.Integer()),
  sinceSeconds: Type.Optional(Type.Number()),
  cause: Type.Optional(Type.String()),
  examples: Type.Integer({ description: 'New ones that it could bring.' }),
  version: Type.Optional(Type.String({ description: 'Model that serves here.' })),
});

export const PrivacyView = Type.Object({
  learner: Type.String(),
  title: Type.String(),
  consent: Type.Object({ updates: ConsentChoice, experience: ConsentChoice, metrics: ConsentChoice }),
  clip: Type.Number({ description: 'Longest L2 norm that leaves.' }),
  noise: Type.Number({ description: 'Standard deviation of the noise, in clips. 0: none.' }),
  epsilonBefore: Epsilon('ε spent in this period.'),
  epsilonAfter: Epsilon('ε after one more round.'),
  epsilonEver: Epsilon('ε of everything ever.'),
  budget: Type.Optional(Type.Number({ description: 'ε that a period may spend; left out without one.' })),
  roundsLeft: Type.Optional(Type.Integer({ description: 'Rounds that the budget still has; left out without one.' })),
  participations: Type.Integer(),
  refused: Type.Optional(Type.String({ description: 'Why this node takes no part just now.' })),
});
export type PrivacyView = Static<typeof PrivacyView>;

const HeldView = Type.Object({
  id: Type.String(),
  learner: Type.String(),
  kind: Type.Enum([...LEAVING_KINDS]),
  to: Named,
  round: Type.Integer(),
  bytes: Type.Integer(),
  state: Type.Enum(['waiting', 'approved', 'denied']),
  heldAt: Moment('Since when it waits'),
});

export const FederationView = Type.Object({
  enabled: Type.Boolean(),
  /** As this node knows it. */
  coordinator: Type.Optional(Type.Object({ ...Named.properties, term: Type.Integer(), self: Type.Boolean() })),
  candidates: Type.Array(
    Type.Object({ node: Named, cost: Type.Number(), candidate: Type.Boolean(), present: Type.Boolean() }),
    {
      description: 'Who could coordinate, the best first: seconds to all others and how likely the board stays.',
    },
  ),
  coordination: Type.Optional(CoordinationView),
  /** Why `coordination` is not there. */
  unknown: Type.Optional(Type.String()),
  duties: Type.Array(DutyView),
  privacy: Type.Array(PrivacyView),
  held: Type.Array(HeldView, { description: 'What waits for the owner of this node.' }),
  shipping: Type.Optional(
    Type.Object({
      state: Type.String({ description: '`idle`, `sending`, `waiting`, …' }),
      cause: Type.Optional(Type.String()),
      sentBytes: Type.Number(),
      acknowledgedRows: Type.Integer(),
      lagRows: Type.Integer({ description: 'Rows that the coordinator has not.' }),
      lagSeconds: Type.Number({ description: 'Age of the oldest of them.' }),
    }),
  ),
});
export type FederationView = Static<typeof FederationView>;

export const RoundsView = Type.Array(RoundView, { description: 'Newest first; the one that runs among them.' });
export type RoundsView = Static<typeof RoundsView>;

export const ModelsView = Type.Array(
  Type.Object({
    version: Type.String(),
    parent: Type.Optional(Type.String()),
    merged: Type.Optional(
      Type.Object(
        { with: Type.String(), split: Type.String({ description: 'The last model that both lines had.' }) },
        { description: 'Made of two lines after a partition: the head of the other one beside `parent`.' },
      ),
    ),
    round: Type.Optional(Type.Integer()),
    coordinator: Type.Optional(Type.String({ description: 'Id of the node that made it.' })),
    madeAt: Type.Optional(Moment('When')),
    nodes: Type.Integer({ description: 'Nodes whose updates are in it.' }),
    examples: Type.Number({ description: 'That it was trained on.' }),
    rollout: Type.Optional(RolloutRecord),
    role: Type.Optional(Type.Enum(['serves', 'tip'])),
  }),
  { description: 'Newest first.' },
);
export type ModelsView = Static<typeof ModelsView>;

export const FederationLedgerView = Type.Object({
  entries: Type.Array(Type.Object({ ...LedgerEntry.properties, to: Named }), { description: 'Newest first.' }),
});
export type FederationLedgerView = Static<typeof FederationLedgerView>;
