// How a board's power is kept.

import { type Static, Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });

export const PowerView = Type.Object(
  {
    state: Type.Union([Type.Literal('awake'), Type.Literal('resting'), Type.Literal('low'), Type.Literal('critical')], {
      description:
        'awake: it works; resting: between two windows of its duty cycle; low: its battery is low; critical: nearly empty. All but awake rest: no cameras, no work for others, a last resort for routes.',
    }),
    since: At,
    until: Type.Optional(Type.Number({ description: 'Milliseconds since 1970 at which that ends by itself.' })),
  },
  { description: 'Whether the board works or rests to save power.' },
);
export type PowerView = Static<typeof PowerView>;
