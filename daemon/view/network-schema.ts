// Shapes of what a node tells of its network and of its own membership in it.

import { type Static, Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Named = Type.Array(Type.Object({ id: Type.String(), name: Type.String() }));

export const MemberView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  issuedAt: At,
  expiresAt: Type.Number({ description: 'Milliseconds since 1970. Members renew their certificates by themselves.' }),
  revoked: Type.Boolean(),
});
export type MemberView = Static<typeof MemberView>;

export const KeyRotationView = Type.Object({
  number: Type.Integer({ description: 'Of the newest key.' }),
  startedAt: At,
  until: Type.Number({ description: 'When the keys before it end at the latest, for members that are away.' }),
  completedAt: Type.Optional(Type.Number({ description: 'Since when the newest key is the only one.' })),
  holders: Type.Unsafe<Static<typeof Named>>({ ...Named, description: 'Who has the newest key.' }),
  missing: Type.Unsafe<Static<typeof Named>>({ ...Named, description: 'Who is to get it yet.' }),
});
export type KeyRotationView = Static<typeof KeyRotationView>;

export const NetworkView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  holdsAuthority: Type.Boolean(),
  certificate: Type.Object(
    { issuedAt: At, expiresAt: At },
    { description: 'Of this node; renewed by itself after two thirds of its life.' },
  ),
  key: Type.Object(
    {
      number: Type.Integer({ description: '0 before the first rotation.' }),
      since: At,
      rotation: Type.Optional(KeyRotationView),
    },
    { description: 'The network key that this node has; the rotation where the authority is.' },
  ),
  problem: Type.Optional(
    Type.Object(
      { cause: Type.String(), hint: Type.String({ description: 'What to do.' }) },
      { description: 'What is wrong with this node’s membership: its certificate ends, or its clock is off.' },
    ),
  ),
});
export type NetworkView = Static<typeof NetworkView>;
