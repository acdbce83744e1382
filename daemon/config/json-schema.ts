// The configuration as JSON Schema, for editors and for `parlmesh config schema`.

import { Config } from './schema.ts';
import { isGroup } from './tree.ts';

/** A fresh plain object. Settings with a default are optional in it, as they are in the file. */
export function configJsonSchema(): Record<string, unknown> {
  const plain: unknown = JSON.parse(JSON.stringify(Config));
  const schema = relaxed(plain);
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...(isGroup(schema) ? schema : {}) };
}

function relaxed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relaxed);
  if (!isGroup(schema)) return schema;
  const result = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, relaxed(value)]));
  const { properties, required } = schema;
  if (isGroup(properties) && Array.isArray(required)) {
    const needed = required.filter((key) => {
      const property = properties[String(key)];
      return !isGroup(property) || property.default === undefined;
    });
    if (needed.length > 0) result.required = needed;
    else delete result.required;
  }
  return result;
}
