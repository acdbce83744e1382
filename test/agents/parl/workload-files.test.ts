import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJobs, readNodes } from '../../../agents/parl/workload-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-workload-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

describe('a folder of jobs', () => {
  it('may hold workflows of WfCommons and job files, as JSON and YAML', async () => {
    await put(
      'a.json',
      JSON.stringify({
        ...{ name: 'wf', schemaVersion: '1.5' },
        workflow: {
          specification: { tasks: [{ id: 'x' }, { id: 'y', parents: ['x'] }] },
          execution: { tasks: [{ id: 'x', runtimeInSeconds: 3 }] },
        },
      }),
    );
    await put('b.yaml', 'name: own\ntasks:\n  - { id: p, kind: wait, seconds: 2, bytes: 7 }\n');
    await put('readme.txt', 'not a job');
    expect(await readJobs(folder)).toEqual([
      [
        { id: 'x', needs: [], seconds: 3, bytes: 0 },
        { id: 'y', needs: ['x'], seconds: 1e-3, bytes: 0 },
      ],
      [{ id: 'p', needs: [], seconds: 2, bytes: 7 }],
    ]);
  });

  it('that is wrong is refused with the file and the place', async () => {
    await expect(readJobs(join(folder, 'none'))).rejects.toMatchObject({ code: 'JOBS_MISSING' });
    await expect(readJobs(folder)).rejects.toThrow('there are no job files in it');
    await put('a.json', '{');
    await expect(readJobs(folder)).rejects.toThrow(/a\.json: .*JSON/);
    await put(
      'a.json',
      '{"name":"x","tasks":[{"id":"a","kind":"wait","needs":["b"]},{"id":"b","kind":"wait","needs":["a"]}]}',
    );
    await expect(readJobs(folder)).rejects.toThrow(/a\.json: Tasks wait for each other/);
    await put('a.json', '{"name":"x","tasks":[]}');
    await expect(readJobs(folder)).rejects.toThrow(/a\.json: Not a job: \/tasks/);
  });
});

describe('a file of nodes', () => {
  it('needs a speed of each; the rest has defaults', async () => {
    await put(
      'nodes.yaml',
      'nodes:\n  - { speed: 2, slots: 4 }\n  - { name: pi, speed: 0.5, bandwidth: 1e6, latency: 0.01 }\n',
    );
    expect(await readNodes(join(folder, 'nodes.yaml'))).toEqual([
      { name: 'node-1', speed: 2, slots: 4, bandwidth: 12.5e6, latency: 0.001 },
      { name: 'pi', speed: 0.5, slots: 1, bandwidth: 1e6, latency: 0.01 },
    ]);
  });

  it('that is wrong is refused with the place', async () => {
    const refused = async (text: string) => {
      await put('nodes.json', text);
      return expect(readNodes(join(folder, 'nodes.json'))).rejects;
    };
    await (await refused('{"nodes":[{"speed":0}]}')).toThrow(/nodes\.json: \/nodes\/0\/speed/);
    await (await refused('{"nodes":[]}')).toThrow('/nodes');
    await (await refused('[]')).toMatchObject({ code: 'NODES_INVALID' });
    await (await refused('{"nodes":[{"name":"a","speed":1},{"name":"a","speed":1}]}')).toThrow(
      'two nodes are called "a"',
    );
    await expect(readNodes(join(folder, 'none.json'))).rejects.toThrow('none.json');
  });
});
