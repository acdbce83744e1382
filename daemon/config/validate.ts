// Compares a plain value with the schema and names every fault with its path. TypeBox judges the leaves; walking
// objects and lists here is what makes each fault one sentence about one place. Pure.

import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { join } from './document.ts';
import { type ConfigProblem, nearest } from './problem.ts';
import { isSecret, redactText, SECRET } from './redact.ts';
import { annotations, expectation, SETTINGS } from './settings.ts';

export type Finding = Omit<ConfigProblem, 'source'>;

/** Judges a value that its schema has accepted: what a schema cannot say. Keyed by path, `[]` for any index. */
export type Rules = Readonly<Record<string, (value: unknown, path: string) => Finding[]>>;

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `key:` with nothing after it sets nothing, so that a section may stand with all its lines commented out. */
export function isSet(group: Record<string, unknown>, key: string): boolean {
  return Object.hasOwn(group, key) && group[key] !== null && group[key] !== undefined;
}

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
function rightName(key: string, prefix: string, siblings: string[]): string | undefined {
  const sibling = nearest(key, siblings);
  if (sibling !== undefined) return prefix === '' ? sibling : join(prefix, sibling);
  const elsewhere = SETTINGS.map(({ path }) => path.slice(path.lastIndexOf('.') + 1));
  const index = elsewhere.indexOf(nearest(key, elsewhere) ?? '');
  return SETTINGS[index]?.path;
}

function unknownKey(key: string, prefix: string, siblings: string[]): Finding {
  const path = join(prefix, key);
  if (prefix === '' && key.includes('.') && SETTINGS.some((setting) => setting.path === key)) {
    const [group, ...rest] = key.split('.');
    return { path, message: `must be nested: write "${group}:" and, indented below it, "${rest.join('.')}:"` };
  }
  return { path, message: 'is not a setting', suggestion: rightName(key, prefix, siblings) };
}

/** Every fault of `value`, in the order of the schema. */
export function validate(schema: TSchema, value: unknown, rules: Rules): Finding[] {
  const findings: Finding[] = [];
  walk(schema, value, '');
  return findings;

  function walk(inner: TSchema, found: unknown, path: string): void {
    const before = findings.length;
    if (Type.IsObject(inner)) walkGroup(inner.properties, found, path, inner);
    else if (Type.IsArray(inner)) walkList(inner.items, found, path, inner);
    else if (!Value.Check(inner, found)) wrong(inner, found, path);
    if (findings.length === before) findings.push(...(rules[path.replace(/\[\d+\]/g, '[]')]?.(found, path) ?? []));
  }

  function walkGroup(properties: Record<string, TSchema>, found: unknown, path: string, inner: TSchema): void {
    if (!isGroup(found)) return wrong(inner, found, path);
    const names = Object.keys(properties);
    for (const key of Object.keys(found)) {
      if (!Object.hasOwn(properties, key)) findings.push(unknownKey(key, path, names));
    }
    for (const [key, property] of Object.entries(properties)) {
      if (isSet(found, key)) walk(property, found[key], join(path, key));
      else if (!Type.IsOptional(property) && annotations(property).default === undefined) {
        findings.push({ path: join(path, key), message: 'is missing', expected: expectation(property) });
      }
    }
  }

  function walkList(items: TSchema, found: unknown, path: string, inner: TSchema): void {
    if (!Array.isArray(found)) return wrong(inner, found, path);
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = annotations(inner);
    if (found.length < minItems || found.length > maxItems) return wrong(inner, found, path);
    found.forEach((item, index) => {
      walk(items, item, join(path, index));
    });
  }

  function wrong(inner: TSchema, found: unknown, path: string): void {
    findings.push({ path, message: 'is wrong', expected: expectation(inner), got: sketch(found, path) });
  }
}
