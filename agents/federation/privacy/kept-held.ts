// What waits for the owner, as it is kept between starts.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Millis } from '../../../core/clock.ts';
import { LearnerName, NodeId } from '../messages.ts';
import { LEAVING_KINDS } from './config.ts';
import { type HeldContribution, MOST_HELD } from './consent.ts';

const Count = Type.Integer({ minimum: 0 });
const Kept = Type.Array(
  Type.Object({
    id: Type.String({ pattern: '^[0-9a-f]{12}$' }),
    learner: LearnerName,
    kind: Type.Enum([...LEAVING_KINDS]),
    to: NodeId,
    ...{ term: Count, round: Count, bytes: Count },
    digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    examples: Type.Number({ minimum: 0 }),
    norm: Type.Optional(Type.Number()),
    noise: Type.Optional(Type.Number({ minimum: 0 })),
    state: Type.Enum(['waiting', 'approved', 'denied']),
    heldAt: Type.Number(),
  }),
  { maxItems: MOST_HELD },
);

export function textOfHeld(held: readonly HeldContribution[]): string {
  // The clock that never jumps begins anew at a start: it says nothing then.
  return JSON.stringify(held.map(({ expiresAt: _, ...kept }): Static<typeof Kept>[number] => kept));
}

/**
 * Without what has expired meanwhile. Nothing, for what cannot be read: who asks is held anew.
 * @param times `lifetime` from `heldAt` by the wall; a wall that was set back gives nothing more than that
 */
export function readHeld(
  text: string | undefined,
  times: { now: Millis; wall: Millis; lifetime: Millis },
): readonly HeldContribution[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Value.Check(Kept, value)) return [];
  return value.flatMap((kept): HeldContribution[] => {
    const left = Math.min(times.lifetime, kept.heldAt + times.lifetime - times.wall);
    return left > 0 ? [{ ...kept, expiresAt: times.now + left }] : [];
  });
}
