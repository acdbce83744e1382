// Whether a peer is there, and what this node goes by.

import { Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });

export const PresenceView = Type.Object(
  {
    state: Type.Union(
      [
        Type.Literal('in'),
        Type.Literal('alive'),
        Type.Literal('suspect'),
        Type.Literal('gone'),
        Type.Literal('stopped'),
      ],
      {
        description:
          'in: a member not reached since this node started; alive: reached; suspect: its link is late or dead, or others lost theirs; gone: nobody reaches it; stopped: it said goodbye.',
      },
    ),
    since: At,
    suspectedBy: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), since: At }), {
      description: 'Nodes that lost their link to it and have not told of another.',
    }),
    tried: Type.Array(
      Type.Object({
        way: Type.Union([Type.Literal('udp'), Type.Literal('stream'), Type.Literal('indirect')]),
        via: Type.Optional(Type.String()),
        viaName: Type.Optional(Type.String()),
        outcome: Type.Union([
          Type.Literal('answered'),
          Type.Literal('silent'),
          Type.Literal('closed'),
          Type.Literal('unanswered'),
        ]),
        at: At,
      }),
      { description: 'The ways that this node tried last; indirect: through the node `via`.' },
    ),
    localDoubt: Type.Integer({
      minimum: 0,
      maximum: 3,
      description: 'How much this node doubted itself when the state began: 0 well, to 3.',
    }),
    flaps: Type.Integer({ minimum: 0, description: 'Failures of the link to it so far.' }),
    damped: Type.Boolean({ description: 'Its link failed too often of late: a last resort until it holds.' }),
    why: Type.String({ description: 'All of that as a sentence; empty when all is well.' }),
  },
  { description: 'Is it there, and what this node goes by.' },
);
