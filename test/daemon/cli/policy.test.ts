// `parlmesh policy`, from its arguments to its exit code; no daemon runs.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, start } from './stage.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-policy-'));
  await mkdir(join(folder, 'jobs'));
  for (const seconds of [1, 10]) {
    const tasks = ['a', 'b', 'c'].map((id) => ({
      id,
      kind: 'wait',
      seconds,
      ...(id === 'c' && { needs: ['a', 'b'] }),
    }));
    await writeFile(join(folder, 'jobs', `${seconds}.json`), JSON.stringify({ name: 'job', tasks }));
  }
  await writeFile(join(folder, 'nodes.yaml'), 'nodes:\n  - { speed: 1, slots: 2 }\n  - { speed: 0.5 }\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Outcome> => start(['policy', ...args, '--data-dir', folder]).done;

describe('parlmesh policy', () => {
  it('shows the packaged policy', async () => {
    const { code, stdout } = await run('show', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
      lineage: { kind: 'pretrained' },
    });
  });

  it('compares it with every classical scheduler on jobs and nodes of files', async () => {
    const files = ['--jobs', join(folder, 'jobs'), '--nodes', join(folder, 'nodes.yaml')];
    const { code, stdout } = await run(
      'evaluate',
      ...files,
      '--load',
      '0.8',
      '--seeds',
      '2',
      '--arrivals',
      '10',
      '-o',
      'json',
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const names = result.schedulers.map(({ scheduler }: { scheduler: string }) => scheduler);
    expect(names.sort()).toEqual(['advisor', 'fair', 'fifo', 'heft', 'least-loaded', 'parl', 'shortest-critical-path']);
    expect(result).toMatchObject({ load: 0.8, seeds: 2, jobs: 2, nodes: 2, gain: { subject: 'parl' } });
    expect(result.schedulers[0].mean.value).toBeGreaterThan(0);
  });

  it('trains one into a file that it then shows, and refuses a file that is none', async () => {
    const out = join(folder, 'mine.json');
    const trained = await run('train', '--steps', '1', '--seed', '2', '--out', out, '-o', 'json');
    expect(trained.code).toBe(0);
    const { version } = JSON.parse(trained.stdout);
    expect(JSON.parse((await run('show', out, '-o', 'json')).stdout)).toMatchObject({
      version,
      lineage: { kind: 'trained' },
    });
    const broken = JSON.parse(await readFile(out, 'utf8'));
    await writeFile(out, JSON.stringify({ ...broken, parameters: 'AAAA' }));
    const refused = await run('show', out);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('mine.json');
  }, 120_000);

  it('names what is wrong with a load, and what is missing', async () => {
    expect((await run('evaluate', '--jobs', 'x', '--nodes', 'y', '--load', '9')).code).toBe(2);
    const missing = await run('evaluate', '--jobs', join(folder, 'none'), '--nodes', join(folder, 'nodes.yaml'));
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('Name a folder of WfCommons workflows or job files');
  });
});
