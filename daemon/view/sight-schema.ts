// How a camera sees: what disturbs its view, how unusual it is, what stands in its zones, what became of its frames.

import { Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

export const SightView = Type.Object(
  {
    kind: Type.String({
      description: 'clear, covered, sprayed, moved, defocused, blinded, frozen, dark or signal-lost.',
    }),
    since: At,
    confidence: Share('How sure that is.'),
    evidence: Type.Record(
      Type.String(),
      Type.Object({ value: Type.Number(), reference: Type.Union([Type.Number(), Type.Null()]) }),
      { description: 'What it rests on: numbers now, and what they usually are.' },
    ),
    message: Type.String(),
    learning: Type.Boolean({ description: 'What is usual in this light is still being learned.' }),
  },
  { description: 'How its view is.' },
);

export const SceneView = Type.Object(
  {
    likelihood: Share('That what it shows is unusual: 0 usual, 1 never seen the like.'),
    unusual: Type.Boolean(),
    learning: Type.Boolean({ description: 'Too little was seen of this light so far.' }),
  },
  { description: 'How unusual what it shows is.' },
);

export const ZoneView = Type.Object({
  name: Type.String(),
  points: Type.Array(Type.Array(Type.Number())),
  present: Type.Optional(Type.Integer({ description: 'Things in it now.' })),
  entered: Type.Optional(Type.Integer({ description: 'Things that came into it since the camera began.' })),
  left: Type.Optional(Type.Integer({ description: 'Things that left it since then.' })),
});

export const ReadingView = Type.Object(
  {
    zone: Type.String(),
    text: Type.Optional(Type.String()),
    number: Type.Optional(Type.Number()),
    unit: Type.Optional(Type.String()),
    confidence: Type.Optional(Share('How sure that is.')),
    why: Type.Optional(Type.String({ description: 'Why there is no value.' })),
    at: Type.Optional(At),
  },
  { description: 'What a zone says.' },
);

export const LooksView = Type.Object(
  {
    moving: Type.Integer({ description: 'Frames in which something moved.' }),
    searched: Type.Integer({ description: 'Frames that the detector searched.' }),
    spared: Type.Integer({ description: 'Frames left out because the board is under pressure.' }),
  },
  { description: 'What became of the frames, since the camera began.' },
);
