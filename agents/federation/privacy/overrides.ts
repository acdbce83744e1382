// The owner's word on what may leave, as it is kept between starts.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';
import { ConsentChoice } from './config.ts';

const Overrides = Type.Record(Type.String({ maxLength: 80 }), ConsentChoice, { maxProperties: 128 });

/** Throws `PRIVACY_CONSENT_UNREADABLE`: a veto that cannot be read must not become a yes. */
export function readOverrides(text: string | undefined): Record<string, ConsentChoice> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Value.Check(Overrides, value)) {
    throw new ParlmeshError('PRIVACY_CONSENT_UNREADABLE', 'What the owner said about what may leave cannot be read', {
      hint: 'restore a backup of the store; until then this node takes no part in federation',
    });
  }
  return value;
}
