// The section `anomalies` of the configuration.

import { type Static, Type } from 'typebox';
import { QuietHours } from '../../agents/anomaly/quiet.ts';

/** Lists longer than this are no rule that somebody keeps in mind. */
export const MOST_QUIET_HOURS = 16;

export const AnomaliesConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description:
        'Watch the readings of this board, its links, cameras, agents and jobs for what is unusual. Each of some 20 to 100 ' +
        'series takes 30 kB of memory, and 15 kB on the disk.',
    }),
    falseAlarmsPerDay: Type.Number({
      minimum: 0.01,
      maximum: 100,
      default: 1,
      description:
        'False alarms a day that you accept of this node. Ten times as many find somewhat smaller faults, a tenth of it ' +
        'misses some.',
    }),
    quietHours: Type.Array(QuietHours, {
      default: [],
      maxItems: MOST_QUIET_HOURS,
      description:
        'When anomalies are recorded but nobody is told: `{ from: "22:00", to: "06:00", days: [0, 6], subject: "camera/" }`, by ' +
        "the board's clock; days (0 is Sunday) and subject may be left out. `PUT /anomalies/quiet-hours` takes precedence.",
    }),
  },
  { additionalProperties: false, default: {}, description: 'Finding what is unusual. docs/anomalies.md' },
);
export type AnomaliesConfig = Static<typeof AnomaliesConfig>;
