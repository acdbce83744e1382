// `parlmesh simulate`, from its arguments to its exit code; no daemon runs.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, start } from './stage.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Outcome> => start(['simulate', ...args, '--data-dir', folder]).done;

describe('parlmesh simulate', () => {
  it('prints what it found as JSON and draws it', async () => {
    const svg = join(folder, 'ring.svg');
    const { code, stdout } = await run(
      '--nodes',
      '6',
      '--topology',
      'ring',
      '--fail-links',
      '0.1',
      '--svg',
      svg,
      '-o',
      'json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      nodes: 6,
      links: 6,
      unreachable_pairs: 0,
      violated: [],
      convergence_seconds: expect.any(Number),
      messages_per_node: expect.any(Number),
      bytes_per_node: expect.any(Number),
      wall_seconds: expect.any(Number),
      events_per_second: expect.any(Number),
    });
    expect(await readFile(svg, 'utf8')).toContain('class="cut"');
  });

  it('ends with 1 and names the assertion when one is violated', async () => {
    const { code, stdout } = await run('--nodes', '6', '--topology', 'ring', '--fail-links', '0.1', '--within', '1s');
    expect(code).toBe(1);
    expect(stdout).toMatch(/converges +no/);
  });

  it('takes a network from a file, and says what is wrong with one', async () => {
    const plan = join(folder, 'plan.json');
    await writeFile(plan, '{"nodes": [{"name": "a"}, {"name": "b"}], "links": [["a", "b"]]}');
    expect(JSON.parse((await run('--topology', plan, '-o', 'json')).stdout)).toMatchObject({ nodes: 2, violated: [] });
    await writeFile(plan, '{"nodes": [{"name": "a"}, {"name": "b"}], "links": [["a", "c"]]}');
    const wrong = await run('--topology', plan);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('"c", which no node is');
    expect((await run('--fail-links', '2')).code).toBe(2);
  });
});
