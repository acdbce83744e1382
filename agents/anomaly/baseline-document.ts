// What a node remembers of its series and acknowledgements over a restart: one document, with a version and bounds.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import { Acknowledgement, MOST_ACKNOWLEDGED } from './quiet.ts';

export const MOST_SERIES = 1024;

export const BaselineDocument = Type.Object({
  version: Type.Literal(1),
  /** Milliseconds since 1970. */
  savedAt: Type.Number(),
  series: Type.Array(
    Type.Object({
      subject: Type.String({ minLength: 1, maxLength: 200 }),
      metric: Type.String({ minLength: 1, maxLength: 100 }),
      kind: Type.Union([Type.Literal('gauge'), Type.Literal('counter')]),
      detector: Type.String({ maxLength: 44_000 }),
      profile: Type.Array(Type.Number(), { maxItems: 100 }),
      /** Of its odd values; what was written before there was this has none. */
      odd: Type.Optional(Type.Array(Type.Number(), { maxItems: 8 })),
    }),
    { maxItems: MOST_SERIES },
  ),
  acknowledged: Type.Array(Acknowledgement, { maxItems: MOST_ACKNOWLEDGED }),
});
export type BaselineDocument = Static<typeof BaselineDocument>;

/** Throws `ANOMALY_STATE_INVALID` where `text` is no document of this version. */
export function readBaselines(text: string): BaselineDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  return asBaselines(document);
}

/** The same for what was parsed already. */
export function asBaselines(document: unknown): BaselineDocument {
  if (Value.Check(BaselineDocument, document)) return document;
  const [first] = Value.Errors(BaselineDocument, document);
  throw invalid(`${first?.instancePath || 'the document'} ${first?.message ?? 'is wrong'}`);
}

const invalid = (why: string, cause?: unknown): ParlmeshError =>
  new ParlmeshError('ANOMALY_STATE_INVALID', `The remembered baselines cannot be read: ${why}`, {
    hint: 'They are learned anew; nothing needs to be done',
    ...(cause !== undefined && { cause }),
  });
