// Settings of hardware telemetry.

import { type Static, Type } from 'typebox';

export const HardwareConfig = Type.Object(
  {
    root: Type.String({
      default: '/',
      maxLength: 300,
      description: 'Folder with the `proc` and `sys` of the board: another one where a container is given the host’s.',
    }),
    interval: Type.Number({ default: 5, minimum: 1, maximum: 3600, description: 'Seconds between readings.' }),
  },
  { additionalProperties: false, default: {}, description: 'Readings of this board.' },
);
export type HardwareConfig = Static<typeof HardwareConfig>;
