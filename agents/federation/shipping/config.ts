// Settings of what a node sends of its experience, and of what a coordinator takes.

import { type Static, Type } from 'typebox';

export const ShippingConfig = Type.Object(
  {
    bytesPerSecond: Type.Integer({
      default: 20_000,
      minimum: 100,
      maximum: 100_000_000,
      description:
        'Bytes of experience that this node sends a second at most, on average. More catches up sooner after a cut; less leaves a slow radio to others.',
    }),
    bytesPerHour: Type.Integer({
      default: 20_000_000,
      minimum: 10_000,
      maximum: 1_000_000_000_000,
      description: 'Bytes of experience that this node sends an hour at most. See `horizon` for what becomes of more.',
    }),
    horizon: Type.Number({
      default: 6,
      minimum: 0.1,
      maximum: 720,
      description:
        'Hours that experience may wait in the long run. When more of it comes than can be sent, so much is left out, least priority first, that the oldest waits no longer.',
    }),
    interval: Type.Number({
      default: 30,
      minimum: 0.1,
      maximum: 3600,
      description: 'Seconds between two looks for new experience. Shorter sends smaller batches, sooner.',
    }),
    takeBytesPerSecond: Type.Integer({
      default: 1_000_000,
      minimum: 1000,
      maximum: 1_000_000_000,
      description:
        'Bytes a second that this node takes as coordinator, of all nodes together, shared equally among those who want to send.',
    }),
    takeBytesPerHour: Type.Integer({
      default: 200_000_000,
      minimum: 10_000,
      maximum: 1_000_000_000_000,
      description:
        'Bytes an hour that this node writes as coordinator, since flash wears: 200 MB an hour for a year are 1.7 TB, which a card survives only some years. The nodes keep what is beyond, and send it later.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Experience on its way to the coordinator.' },
);
export type ShippingConfig = Static<typeof ShippingConfig>;
