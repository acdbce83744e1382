import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../daemon/config/load.ts';
import { configurationPage, PAGE_FILE } from '../../../scripts/generate-config-docs.ts';

describe('the documentation', () => {
  it('is what the schema says: if this fails, run `node scripts/generate-config-docs.ts`', () => {
    expect(readFileSync(PAGE_FILE, 'utf8')).toBe(configurationPage());
  });

  it('has an example that loads', () => {
    const file = path.join(import.meta.dirname, '../../../docs/config.example.yaml');
    const { config, explicit } = loadConfig({ file, env: {}, flags: {} });
    expect(config.cameras.map(({ name }) => name)).toEqual(['test', 'door']);
    expect(explicit.has('mqtt.url')).toBe(true);
  });
});
