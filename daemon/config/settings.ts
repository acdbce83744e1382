// Every setting as one flat list, read off the schema: its dotted path, its environment variable, its default and
// what it accepts in words. Loading, error messages and the reference page are all made from this list.

import { type TObject, type TSchema, Type } from 'typebox';
import { Config } from './schema.ts';

export interface Setting {
  /** `http.port`. Nothing inside a list is a setting of its own: `cameras` is one. */
  path: string;
  schema: TSchema;
  /** `PARLMESH_HTTP_PORT`. */
  variable: string;
  description: string;
  /** Undefined where there is none. */
  default: unknown;
}

/** The words a schema carries besides its rules. */
export interface Annotations {
  description?: string;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
}

export function annotations(schema: TSchema): Annotations {
  return schema as Annotations;
}

/** `http.rateLimit` -> `PARLMESH_HTTP_RATE_LIMIT`. */
export function variableOf(path: string): string {
  return `PARLMESH_${path
    .replaceAll('.', '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}

function list(schema: TObject, prefix: string): Setting[] {
  return Object.entries(schema.properties).flatMap(([key, inner]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (Type.IsObject(inner)) return list(inner, path);
    const { description, default: value } = annotations(inner);
    return [{ path, schema: inner, variable: variableOf(path), description: description ?? '', default: value }];
  });
}

/** All settings in the order of the schema. */
export const SETTINGS: readonly Setting[] = list(Config, '');

/** ` from 0 to 65535`, ` of at least 10`; nothing where there is no bound. */
function between(least: number | undefined, most: number | undefined, word = 'from'): string {
  if (least !== undefined && most !== undefined) return ` ${word} ${least} to ${most}`;
  if (least !== undefined) return ` of at least ${least}`;
  return most === undefined ? '' : ` of at most ${most}`;
}

/** What a schema accepts, as the object of "expected …": `a whole number of 0 to 65535`. */
export function expectation(schema: TSchema): string {
  const note = annotations(schema);
  if (Type.IsUnion(schema)) {
    const choices = schema.anyOf.map((one) => (Type.IsLiteral(one) ? String(one.const) : expectation(one)));
    return schema.anyOf.every((one) => Type.IsLiteral(one)) ? `one of ${choices.join(', ')}` : choices.join(' or ');
  }
  if (Type.IsBoolean(schema)) return 'true or false';
  if (Type.IsInteger(schema)) return `a whole number${between(note.minimum, note.maximum)}`;
  if (Type.IsNumber(schema)) {
    const above = note.exclusiveMinimum === undefined ? '' : ` above ${note.exclusiveMinimum}`;
    return `a number${above}${between(note.minimum, note.maximum)}`;
  }
  if (Type.IsArray(schema)) {
    const count = between(note.minItems, note.maxItems, 'of');
    return count === '' ? 'a list' : `a list${count} entries`;
  }
  if (Type.IsObject(schema)) return `a group of settings (${Object.keys(schema.properties).join(', ')})`;
  if (Type.IsRecord(schema)) {
    const value = Type.RecordValue(schema);
    return Type.IsObject(value) ? `names with ${expectation(value)} each` : 'names with a text each';
  }
  if (note.pattern !== undefined) return `text that matches ${note.pattern}`;
  const length = between(note.minLength, note.maxLength, 'of');
  return length === '' ? 'text' : `text${length} characters`;
}
