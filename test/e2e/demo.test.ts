import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CameraView, TopologyView } from '../../daemon/view/schema.ts';

const program = resolve(import.meta.dirname, '../../bin/parlmesh');
const demoFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('parlmesh-demo-'));

let demo: ChildProcess | undefined;
afterEach(() => demo?.kill('SIGKILL'));

describe('parlmesh demo', () => {
  it('shows three real nodes with cameras that see things, and leaves nothing behind', async () => {
    const before = demoFolders();
    const child = spawn(program, ['demo', '--nodes', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
    demo = child;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await expect.poll(() => said, { timeout: 60_000 }).toContain('Ctrl-C');
    const page = /page: +(\S+)/.exec(said)?.[1] ?? '';
    const get = async <T>(path: string): Promise<T> => (await fetch(`${page}api/v3/${path}`)).json() as Promise<T>;

    const topology = await get<TopologyView>('topology');
    expect(topology.nodes.map(({ name }) => name).sort()).toEqual(['east', 'north', 'south']);
    await expect
      .poll(async () => (await get<CameraView[]>('cameras'))[0]?.objects.length ?? 0, { timeout: 30_000 })
      .toBeGreaterThan(0);

    const ended = new Promise<number | null>((done) => child.once('exit', done));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(demoFolders()).toEqual(before);
    await expect(fetch(page)).rejects.toThrow();
    expect(existsSync(join(tmpdir(), 'parlmesh-demo'))).toBe(false);
  }, 120_000);
});
