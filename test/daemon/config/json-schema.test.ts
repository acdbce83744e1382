import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../daemon/config/json-schema.ts';
import { SETTINGS } from '../../../daemon/config/settings.ts';

describe('configJsonSchema', () => {
  it('is plain JSON that describes every setting', () => {
    const schema = configJsonSchema();
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      properties: { http: { properties: { port: { type: 'integer', maximum: 65_535, default: 7420 } } } },
    });
  });

  it('requires only what has no default', () => {
    expect(configJsonSchema()).not.toHaveProperty('required');
    expect(configJsonSchema()).toHaveProperty('properties.cameras.items.required', ['name', 'source']);
    expect(configJsonSchema()).toHaveProperty('properties.http.properties.tls.required', ['certificate', 'key']);
  });
});

describe('the settings', () => {
  it('each say what they mean and have an environment variable of their own', () => {
    for (const { path, description } of SETTINGS) expect(description, path).not.toBe('');
    const variables = SETTINGS.map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toEqual(
      expect.arrayContaining(['PARLMESH_HTTP_RATE_LIMIT', 'PARLMESH_VISION_SNAPSHOTS_KEEP_DAYS']),
    );
  });

  it('never carry a default that their own schema refuses', () => {
    for (const { schema, path, default: value } of SETTINGS) {
      if (value !== undefined) expect(Value.Check(schema, value), path).toBe(true);
    }
  });
});
