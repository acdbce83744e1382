// Settings of how a board saves power.

import { type Static, Type } from 'typebox';

export const DutyCycleConfig = Type.Object(
  {
    awake: Type.Number({
      minimum: 10,
      maximum: 86_400,
      description:
        'Seconds at the start of each window in which the board works. The share `awake / every` of the power.',
    }),
    every: Type.Number({
      minimum: 60,
      maximum: 86_400,
      description:
        'Seconds from one window to the next. Windows begin at multiples of it since 1970, so that all boards with the same setting are awake together.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Works in windows and rests between them while the board is not on mains. Left out: it works all the time.',
  },
);
export type DutyCycleConfig = Static<typeof DutyCycleConfig>;

const BatteryConfig = Type.Object(
  {
    low: Type.Number({
      default: 0.15,
      minimum: 0,
      maximum: 0.9,
      description:
        'Share of the charge, 0 to 1, at which the board rests: cameras are closed and no work is taken on. Higher keeps the mesh up for longer. 0: never.',
    }),
    critical: Type.Number({
      default: 0.05,
      minimum: 0,
      maximum: 0.9,
      description:
        'Share of the charge at which that is an error, and `whenCritical` is done. Below `low`, with enough left to end in order. 0: never.',
    }),
    recovery: Type.Number({
      default: 0.1,
      minimum: 0.01,
      maximum: 0.5,
      description:
        'How much more charge than where a level began ends it again; mains end it after two readings. Smaller wakes sooner, and flaps where a load makes the gauge sink.',
    }),
    whenCritical: Type.Union([Type.Literal('rest'), Type.Literal('stop')], {
      default: 'rest',
      description:
        'rest: as when it is low. stop: the daemon says farewell, gives back its work and ends with exit code 3; the service manager leaves it stopped until the next boot.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Levels of a battery that feeds the board.' },
);

export const PowerConfig = Type.Object(
  { dutyCycle: Type.Optional(DutyCycleConfig), battery: BatteryConfig },
  { additionalProperties: false, default: {}, description: 'When a board rests to save power.' },
);
export type PowerConfig = Static<typeof PowerConfig>;
