import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Which folders a folder may import: arrows go downwards only. */
const ARROWS: Record<string, string[]> = {
  core: [],
  mesh: ['core'],
  vision: ['core'],
  agents: ['core'],
  daemon: ['core', 'mesh', 'vision', 'agents'],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile() && !file.includes('/http/public/'));
}

/** Relative imports of a file, as absolute paths; `typeOnly` when nothing of it is left at run time. */
function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  const found = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"](\.[^'"]+)['"]/gm)) {
    found.push({ target: resolve(dirname(file), match[2]!), typeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/(?:import|new URL)\(\s*['"](\.[^'"]+\.ts)['"]/g)) {
    found.push({ target: resolve(dirname(file), match[1]!), typeOnly: false });
  }
  return found;
}

const files = Object.keys(ARROWS).flatMap((folder) => sources(join(root, folder)));
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const name = (file: string): string => relative(root, file);

describe('The house', () => {
  it('is not empty, and every relative import leads to a file', () => {
    expect(files.length).toBeGreaterThan(20);
    const broken = files.flatMap((file) =>
      graph
        .get(file)!
        .filter(({ target }) => !existsSync(target))
        .map(({ target }) => `${name(file)} -> ${name(target)}`),
    );
    expect(broken).toEqual([]);
  });

  it('has arrows that go downwards only: daemon, agents, then mesh and vision, then core', () => {
    const wrong = files.flatMap((file) => {
      const from = name(file).split('/')[0]!;
      return graph
        .get(file)!
        .map(({ target }) => ({ target, to: name(target).split('/')[0]! }))
        .filter(({ to }) => to !== from && to !== 'package.json' && !ARROWS[from]!.includes(to))
        .map(({ target }) => `${name(file)} imports ${name(target)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no import cycle', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].map(name).join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const { target, typeOnly } of graph.get(file) ?? []) if (!typeOnly) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('lets the page take types from everywhere, and code only from what draws and needs no node', () => {
    const page = readdirSync(join(root, 'web/src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => join(root, 'web/src', file));
    const seen = new Set<string>();
    const reach = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { target, typeOnly } of importsOf(file)) if (!typeOnly && /\.tsx?$/.test(target)) reach(target);
    };
    for (const file of page) reach(file);
    const elsewhere = [...seen].map(name).filter((file) => !/^(web\/src|vision\/drawing)\//.test(file));
    expect(elsewhere).toEqual([]);
    expect([...seen].map(name)).toContain('vision/drawing/layout.ts');
  });

  it('reads the system clock and chance only in daemon/ and in worker threads', () => {
    const wrong = files
      .filter((file) => !name(file).startsWith('daemon/') && !file.endsWith('worker.ts'))
      .filter((file) =>
        /\b(Date\.now\(\)|new Date\(\)|Math\.random\(\)|performance\.now\(\))/.test(withoutComments(file)),
      );
    expect(wrong.map(name)).toEqual([]);
  });

  it('keeps every file to one concept: at most 400 lines', () => {
    const long = files
      .filter((file) => !file.includes('/generated'))
      .map((file) => ({ file: name(file), lines: readFileSync(file, 'utf8').trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});

function withoutComments(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
