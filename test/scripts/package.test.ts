import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

describe('package.json', () => {
  it('builds within start and test themselves, since .npmrc keeps npm from running hooks before them', () => {
    const Manifest = Type.Object({ scripts: Type.Record(Type.String(), Type.String()) });
    const { scripts } = Value.Parse(Manifest, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true');
    expect(Object.keys(scripts).filter((name) => /^(pre|post)/.test(name))).toEqual([]);
    expect(scripts.start).toMatch(/^npm run -s build && /);
    expect(scripts.test).toMatch(/^npm run -s build && /);
  });
});
