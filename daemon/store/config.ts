// Settings of the store.

import { type Static, Type } from 'typebox';

export const StoreConfig = Type.Object(
  {
    flushInterval: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 1,
        description:
          'Seconds that unacknowledged rows may wait for a batch. Longer wears flash less, loses more at a power cut. Default: the profile’s.',
      }),
    ),
    maxBytes: Type.Integer({
      default: 500_000_000,
      minimum: 1_000_000,
      description: 'Size above which the oldest history is deleted.',
    }),
    keepDays: Type.Number({
      default: 30,
      minimum: 0.01,
      maximum: 3650,
      description: 'Days that history (events, observations, measurements) is kept.',
    }),
    backupInterval: Type.Number({ default: 86_400, minimum: 60, description: 'Seconds between backups.' }),
    backupsKept: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 100,
      description: 'Backups kept; older ones are deleted.',
    }),
    writeBudgetPerHour: Type.Integer({
      default: 5_000_000,
      minimum: 100_000,
      description:
        'Bytes an hour the store aims to stay under (flash wear); above it, measurements are thinned and an event is raised.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'The SQLite file.' },
);
export type StoreConfig = Static<typeof StoreConfig>;
