// The section `federation` of the configuration: the rounds', and what privacy, roll-out and shipping declare beside them.

import { type Static, Type } from 'typebox';
import { FederationConfig as RoundsConfig } from '../../agents/federation/config.ts';
import { PrivacyConfig } from '../../agents/federation/privacy/config.ts';
import { RolloutConfig } from '../../agents/federation/rollout/config.ts';
import { ShippingConfig } from '../../agents/federation/shipping/config.ts';

export const SecureRoundsConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description:
        'Rounds that this node coordinates end in secure sums: it sees only the sum of each group of nodes. Off, since a liar then spoils its whole group: groups of nine among a hundred nodes stand five liars, where plain rounds stand thirty. For networks whose nodes trust each other more than the coordinator.',
    }),
    groupSize: Type.Integer({
      default: 8,
      minimum: 3,
      maximum: 64,
      description: 'Nodes of a group at least. More hides one node among more, and lets one liar spoil more.',
    }),
    joinDeadline: Type.Number({
      default: 30,
      minimum: 1,
      maximum: 3600,
      description: 'Seconds in which nodes that have trained may join the sums.',
    }),
    stepDeadline: Type.Number({
      default: 10,
      minimum: 1,
      maximum: 600,
      description: 'Seconds of each of the five steps after that; who is late has dropped out.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Rounds whose updates the coordinator sees only in sums.' },
);

export const FederationConfig = Type.Object(
  {
    ...RoundsConfig.properties,
    candidate: Type.Boolean({
      default: true,
      description: 'This node coordinates when the election falls on it. `false` keeps a small board out of it.',
    }),
    lease: Type.Number({
      default: 15,
      minimum: 1,
      maximum: 3600,
      description:
        'Seconds after which a coordinator that is not heard of has lost the seat. Shorter finds another one sooner, says more, and takes a busy board for a dead one.',
    }),
    regions: Type.Boolean({
      default: true,
      description:
        'In networks of many nodes near ones hand their updates to one of them, which aggregates on the way. `false` has all send to the coordinator.',
    }),
    secure: SecureRoundsConfig,
    privacy: PrivacyConfig,
    rollout: RolloutConfig,
    shipping: ShippingConfig,
  },
  { additionalProperties: false, default: {}, description: 'What one node learns, all know.' },
);
export type FederationConfig = Static<typeof FederationConfig>;
