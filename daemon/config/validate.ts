// Compares a plain value with the schema and names every fault with its path. TypeBox judges the leaves; walking
// objects and lists here is what makes each fault one sentence about one place. Pure.

import { type TObject, type TRecord, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type ConfigProblem, nearest } from './problem.ts';
import { isSecret, redactText, SECRET } from './redact.ts';
import { annotations, expectation, SETTINGS } from './settings.ts';
import { isGroup, isSet, join } from './tree.ts';

export type Finding = Omit<ConfigProblem, 'source'>;

/** Judges a value that its schema has accepted: what a schema cannot say. Keyed by path, `[]` for any index. */
export type Rules = Readonly<Record<string, (value: unknown, path: string) => Finding[]>>;

/** What a key that the schema does not know is called, and where else its right name may be. */
export interface Vocabulary {
  unknown: string;
  /** Dotted paths. */
  elsewhere: readonly string[];
}

const SETTING_WORDS: Vocabulary = { unknown: 'is not a setting', elsewhere: SETTINGS.map(({ path }) => path) };

const MOST_EXPLAINED = 100;

/** A value as the object of "got …": short, on one line, without secrets. */
export function sketch(value: unknown, path: string): string {
  if (isSecret(path)) return SECRET;
  if (typeof value === 'string') {
    const text = redactText(value);
    return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  }
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1 entry' : `a list of ${value.length} entries`;
  return typeof value === 'object' ? 'a group of settings' : String(value);
}

/** The right name for an unknown one: in the same group first, then anywhere. */
function rightName(key: string, prefix: string, siblings: string[], words: Vocabulary): string | undefined {
  const sibling = nearest(key, siblings);
  if (sibling !== undefined) return prefix === '' ? sibling : join(prefix, sibling);
  const elsewhere = words.elsewhere.map((path) => path.slice(path.lastIndexOf('.') + 1));
  const index = elsewhere.indexOf(nearest(key, elsewhere) ?? '');
  return words.elsewhere[index];
}

function unknownKey(key: string, prefix: string, siblings: string[], words: Vocabulary): Finding {
  const path = join(prefix, key);
  if (prefix === '' && key.includes('.') && words.elsewhere.includes(key)) {
    const [group, ...rest] = key.split('.');
    return { path, message: `must be nested: write "${group}:" and, indented below it, "${rest.join('.')}:"` };
  }
  return { path, message: words.unknown, suggestion: rightName(key, prefix, siblings, words) };
}

/** Every fault of `value`. Rules judge only what the schema finds right, so that nothing is reported twice. */
export function validate(
  schema: TSchema,
  value: unknown,
  rules: Rules,
  path = '',
  words: Vocabulary = SETTING_WORDS,
): Finding[] {
  const findings = compare(schema, value, rules, path, words);
  return findings.length > 0 ? findings : (rules[path.replace(/\[\d+\]/g, '[]')]?.(value, path) ?? []);
}

function compare(schema: TSchema, value: unknown, rules: Rules, path: string, words: Vocabulary): Finding[] {
  if (Type.IsObject(schema) && isGroup(value)) return compareGroup(schema, value, rules, path, words);
  if (Type.IsRecord(schema) && isGroup(value) && Type.IsObject(Type.RecordValue(schema)))
    return compareNamed(schema, value, rules, path, words);
  if (Type.IsArray(schema) && Array.isArray(value)) {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = annotations(schema);
    if (value.length >= minItems && value.length <= maxItems) {
      return value.flatMap((item, index) => validate(schema.items, item, rules, join(path, index), words));
    }
  } else if (Value.Check(schema, value)) {
    return [];
  }
  return [{ path, message: 'is wrong', expected: expectation(schema), got: sketch(value, path) }];
}

/** Groups of settings by names that are free. */
function compareNamed(
  schema: TRecord,
  group: Record<string, unknown>,
  rules: Rules,
  path: string,
  words: Vocabulary,
): Finding[] {
  const pattern = new RegExp(Type.RecordPattern(schema), 'u');
  return Object.entries(group).flatMap(([name, value]): Finding[] => {
    const inner = join(path, name);
    if (pattern.test(name)) return validate(Type.RecordValue(schema), value, rules, inner, words);
    return [{ path: inner, message: 'is no such name', expected: `a name that matches ${Type.RecordPattern(schema)}` }];
  });
}

function compareGroup(
  schema: TObject,
  group: Record<string, unknown>,
  rules: Rules,
  path: string,
  words: Vocabulary,
): Finding[] {
  const names = Object.keys(schema.properties);
  const unknown = Object.keys(group)
    .filter((key) => !names.includes(key))
    .map((key, index) => {
      // Looking for right names takes a while; whoever has this many wrong ones is not helped by them.
      if (index < MOST_EXPLAINED) return unknownKey(key, path, names, words);
      return { path: join(path, key), message: words.unknown };
    });
  const known = Object.entries(schema.properties).flatMap(([key, property]): Finding[] => {
    const inner = join(path, key);
    if (isSet(group, key)) return validate(property, group[key], rules, inner, words);
    if (Type.IsOptional(property) || annotations(property).default !== undefined) return [];
    return [{ path: inner, message: 'is missing', expected: expectation(property) }];
  });
  return [...unknown, ...known];
}
