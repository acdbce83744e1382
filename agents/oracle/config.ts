// Settings of the oracle: who may do what by belonging to the network, what counts as wide, and when it freezes and halts.

import { type Static, Type } from 'typebox';

const ActionPattern = Type.String({
  pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*(\\.\\*)?$',
  maxLength: 100,
});

export const OracleConfig = Type.Object(
  {
    members: Type.Array(ActionPattern, {
      default: ['job.*', 'task.*', 'swarm.*', 'blob.*', 'agent.message'],
      maxItems: 32,
      description:
        'What every member of the network may do on this node without a token. Fewer makes this node do less for ' +
        'others; `[]` makes it take no work from anybody. More gives every member of the network, good or bad, that right here.',
    }),
    jobs: Type.Array(ActionPattern, {
      default: ['task.*', 'agent.scale', 'swarm.*', 'blob.*'],
      maxItems: 32,
      description: 'What jobs may do on this node.',
    }),
    wideShare: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 0.5,
      description:
        'Share of the network, 0 to 1, above which an action (or what one actor does to several nodes within ' +
        '`window`) is wide and needs approvals. One node alone is never wide. Lower asks others more often.',
    }),
    approvals: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 8,
      description:
        'Nodes that must approve a wide action; fewer where the network has fewer others. So many bad nodes less one ' +
        'can be among those asked without harm. More needs more nodes switched on.',
    }),
    asked: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 12,
      description:
        'Nodes that are asked to approve. More finds enough sooner, and gives bad nodes more chances to be asked.',
    }),
    approvalDeadline: Type.Number({
      default: 10,
      minimum: 1,
      maximum: 40,
      description: 'Seconds within which approvals must come in.',
    }),
    hold: Type.Number({
      default: 1,
      minimum: 0,
      maximum: 10,
      description:
        'Seconds that a change which another node asks for waits before it is carried out, while all nodes hear that ' +
        'it was asked for: the same change on many nodes at once is seen before it happens. 0 sees it afterwards. ' +
        'Approved actions and the work of jobs never wait.',
    }),
    window: Type.Number({
      default: 24,
      minimum: 1,
      maximum: 168,
      description:
        'Hours over which the nodes that an actor touches are added up: a capability for two nodes is one for two ' +
        'different nodes in this time.',
    }),
    mostWide: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 100,
      description: 'Wide actions of one actor within ten minutes that are let pass. One more freezes it.',
    }),
    mostAttempts: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 1000,
      description: 'Attempts without the right within a minute that are only refused. One more freezes the actor.',
    }),
    sameChangeNodes: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 1000,
      description: 'Nodes on which the same unapproved change within a second freezes who makes it.',
    }),
    quorum: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 16,
      description:
        'Nodes that must say so before an actor of another node is frozen, or changes are halted, in the whole ' +
        'network. Never fewer than two. More bad nodes than this, less one, can freeze others.',
    }),
    haltAfter: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 100,
      description:
        'Actors frozen within ten minutes, on more than one node, after which this node votes to halt changes.',
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Who may change what, and when the oracle stops it. See docs/security.md.',
  },
);
export type OracleConfig = Static<typeof OracleConfig>;
