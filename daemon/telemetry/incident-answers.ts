// Answers to what the node asks about an incident, by MQTT: `{ "incident": …, "approve": "camera.restart" }` or
// `{ "incident": …, "refuse": true }`.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ACTION_NAMES } from '../../agents/mapek/action-catalogue.ts';
import type { IncidentAnswer } from '../view/incident-schema.ts';

const incident = Type.String({ pattern: '^[a-z0-9-]{4,64}$' });
const Answer = Type.Union([
  Type.Object({ incident, approve: Type.Enum([...ACTION_NAMES]) }, { additionalProperties: false }),
  Type.Object({ incident, refuse: Type.Literal(true) }, { additionalProperties: false }),
]);
const MOST_BYTES = 1_000;

/** Undefined for what is no answer. Never throws. */
export function readAnswer(payload: Uint8Array): { incident: string; answer: IncidentAnswer } | undefined {
  if (payload.length > MOST_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (!Value.Check(Answer, value)) return undefined;
    const answer: IncidentAnswer = 'approve' in value ? { kind: 'approve', action: value.approve } : { kind: 'refuse' };
    return { incident: value.incident, answer };
  } catch {
    return undefined;
  }
}
