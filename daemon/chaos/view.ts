// How chaos is shown: which faults can be injected, which are, which were.

import { type Static, Type } from 'typebox';

const At = Type.Number({ description: 'Milliseconds since 1970.' });

export const InjectionView = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'The kind, as it was asked for.' }),
  fault: Type.String({ description: 'What the self-healing is to take it for.' }),
  subject: Type.String({ description: 'What has it, as incidents name it: `agent/checker-1`, `link/NODE`.' }),
  target: Type.String(),
  startedAt: At,
  endsAt: At,
  goneAt: Type.Optional(
    Type.Number({ description: 'When it did no harm any more though its time was not over: something repaired it.' }),
  ),
  endedAt: Type.Optional(At),
  notUndone: Type.Optional(Type.String({ description: 'Why it could not be undone.' })),
});
export type InjectionView = Static<typeof InjectionView>;

export const ChaosView = Type.Object({
  allowed: Type.Boolean({ description: 'Whether faults may be injected into this node.' }),
  why: Type.Optional(Type.String({ description: 'Why not.' })),
  faults: Type.Array(
    Type.Object({
      name: Type.String(),
      fault: Type.String(),
      does: Type.String(),
      lastsSeconds: Type.Number(),
      targets: Type.Array(Type.String(), { description: 'Where it can be injected now; the first 100.' }),
      unavailable: Type.Optional(Type.String({ description: 'Why it cannot be injected now.' })),
    }),
  ),
  running: Type.Array(InjectionView),
  past: Type.Array(InjectionView, { description: 'Newest first, of this run of the node.' }),
  schedule: Type.Optional(
    Type.Object({ everySeconds: Type.Number(), seed: Type.Integer(), endsAt: At, injected: Type.Integer() }),
  ),
});
export type ChaosView = Static<typeof ChaosView>;
