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
    auditDays: Type.Number({
      default: 365,
      minimum: 1,
      maximum: 36_500,
      description:
        'Days that the audit log is kept. Older entries go up to a signed checkpoint, so that the rest can still be verified.',
    }),
    experienceBytes: Type.Integer({
      default: 50_000_000,
      minimum: 1_000_000,
      maximum: 100_000_000_000,
      description:
        'Size of the decisions kept to learn from, at most a quarter of `store.maxBytes`. They are in every backup.',
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
