// The section `federation` of the configuration: the rounds', and what privacy, roll-out and shipping declare beside them.

import { type Static, Type } from 'typebox';
import { FederationConfig as RoundsConfig } from '../../agents/federation/config.ts';
import { PrivacyConfig } from '../../agents/federation/privacy/config.ts';
import { RolloutConfig } from '../../agents/federation/rollout/config.ts';
import { ShippingConfig } from '../../agents/federation/shipping/config.ts';

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
    privacy: PrivacyConfig,
    rollout: RolloutConfig,
    shipping: ShippingConfig,
  },
  { additionalProperties: false, default: {}, description: 'What one node learns, all know.' },
);
export type FederationConfig = Static<typeof FederationConfig>;
