// How the self-correction of a node is shown: places, what is wrong, and the stories of what was corrected.

import { type Static, Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Confidence = Type.Number({ minimum: 0, maximum: 1 });

export const CorrectionView = Type.Union([
  Type.Object({ action: Type.Literal('camera.accept-view'), camera: Type.String() }),
  Type.Object({ action: Type.Literal('camera.restart'), camera: Type.String() }),
  Type.Object({ action: Type.Literal('camera.lower-rate') }),
  Type.Object({ action: Type.Literal('camera.switch-detector') }),
  Type.Object({ action: Type.Literal('agent.restart'), agent: Type.String() }),
  Type.Object({ action: Type.Literal('link.reset'), node: Type.String() }),
]);

export const EpisodeView = Type.Object({
  id: Type.String(),
  cause: Type.String({ description: 'What was concluded.' }),
  subject: Type.String({ description: 'What it is about: `node/pi-3`, `camera/yard`, `agent/pump`.' }),
  confidence: Confidence,
  openedAt: At,
  closedAt: Type.Optional(At),
  state: Type.Union([Type.Literal('correcting'), Type.Literal('asked'), Type.Literal('over')]),
  outcome: Type.Optional(Type.String({ description: 'How it ended.' })),
  symptoms: Type.Array(
    Type.Object({
      id: Type.String(),
      kind: Type.String(),
      witness: Type.Union([Type.Literal('vision'), Type.Literal('mesh'), Type.Literal('agents'), Type.Literal('node')]),
      subject: Type.String(),
      message: Type.String(),
      confidence: Confidence,
      evidence: Type.Record(Type.String(), Type.Unknown()),
    }),
    { description: 'What was seen, and by whom.' },
  ),
  steps: Type.Array(
    Type.Object({
      at: At,
      inWords: Type.String({ description: 'What was to be done.' }),
      action: Type.String(),
      said: Type.String({ description: 'What was done, or why it was not.' }),
      outcome: Type.Union([
        Type.Literal('pending'),
        Type.Literal('helped'),
        Type.Literal('no-effect'),
        Type.Literal('not-done'),
      ]),
      offers: Type.Array(Type.Object({ inWords: Type.String(), correction: CorrectionView }), {
        description: 'What an operator may choose instead.',
      }),
    }),
    { description: 'What was done about it, and what came of it.' },
  ),
  camera: Type.Optional(Type.String()),
  before: Type.Optional(Type.String({ description: 'Where the picture before is found, below `/api/v3`.' })),
  after: Type.Optional(Type.String({ description: 'And the one after.' })),
});
export type EpisodeView = Static<typeof EpisodeView>;

export const PlacesView = Type.Array(
  Type.Object({
    camera: Type.String(),
    places: Type.Array(
      Type.Object({
        name: Type.String(),
        kind: Type.Union([Type.Literal('led'), Type.Literal('display'), Type.Literal('look')]),
        about: Type.Optional(Type.String()),
        shows: Type.Optional(Type.String({ description: 'In words; left out until it is known.' })),
        isWell: Type.Optional(Type.Boolean()),
      }),
    ),
  }),
);
export type PlacesView = Static<typeof PlacesView>;
