// Settings of the self-healing loop.

import { type Static, Type } from 'typebox';
import type { LoopSettings } from './loop-core.ts';

export const MapekConfig = Type.Object(
  {
    mode: Type.Union([Type.Literal('repair'), Type.Literal('advise'), Type.Literal('off')], {
      default: 'repair',
      description:
        '`repair` does what is safe and asks about the rest; `advise` tells what it would do and asks before each action; ' +
        '`off` neither looks nor acts; to switch the loop off or on takes a restart.',
    }),
    atOnce: Type.Integer({
      default: 16,
      minimum: 1,
      maximum: 64,
      description:
        'Incidents that are repaired at once. More shortens the time to recover when much fails together; each may hold ' +
        'one action that waits.',
    }),
    actionsPerSubject: Type.Integer({
      default: 6,
      minimum: 1,
      maximum: 100,
      description: 'Actions on one subject within an hour. When they are used up, an operator is asked.',
    }),
    actionsPerNode: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 1000,
      description: 'Actions of this node within an hour, whatever they are about.',
    }),
    stormActions: Type.Integer({
      default: 20,
      minimum: 2,
      maximum: 1000,
      description:
        'Actions within a minute after which none is begun for `stormPause`: so many repairs at once are a fault themselves. ' +
        'Fewer is calmer; more lets large failures be repaired sooner.',
    }),
    stormPause: Type.Number({ default: 30, minimum: 1, maximum: 3600, description: 'Seconds of that pause.' }),
    relapseWithin: Type.Number({
      default: 60,
      minimum: 1,
      maximum: 3600,
      description: 'Seconds that something must stay well before it counts as repaired, and as learned from.',
    }),
    questionDays: Type.Number({
      default: 1,
      minimum: 0.01,
      maximum: 30,
      description: 'Days after which a question to people expires.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'The loop that finds, explains and repairs faults.' },
);
export type MapekConfig = Static<typeof MapekConfig>;

/** What the loop's core works by. */
export function settingsOf(config: MapekConfig): LoopSettings {
  return {
    mode: config.mode === 'advise' ? 'advise' : 'repair',
    atOnce: config.atOnce,
    budgets: {
      ...{ perSubject: config.actionsPerSubject, perNode: config.actionsPerNode },
      storm: { actions: config.stormActions, pause: config.stormPause * 1000 },
    },
    relapseWithin: config.relapseWithin * 1000,
  };
}
