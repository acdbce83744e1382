// What a record of a repair looks like in the store.

import { Type } from 'typebox';
import { ACTION_NAMES } from './action-catalogue.ts';
import { REPAIR_OUTCOMES } from './knowledge-storage.ts';
import { FAULTS } from './symptom.ts';

export const RepairRecordSchema = Type.Object({
  id: Type.String({ maxLength: 100 }),
  at: Type.Number(),
  incident: Type.String({ maxLength: 64 }),
  fault: Type.Enum([...FAULTS]),
  subject: Type.String({ maxLength: 200 }),
  context: Type.Record(Type.String({ maxLength: 64 }), Type.Number({ minimum: 0, maximum: 1 }), { maxProperties: 8 }),
  action: Type.Enum([...ACTION_NAMES]),
  outcome: Type.Enum([...REPAIR_OUTCOMES]),
  seconds: Type.Number({ minimum: 0 }),
  together: Type.Integer({ minimum: 1 }),
});
