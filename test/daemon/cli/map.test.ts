import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProgram } from '../../../daemon/cli/program.ts';
import { Terminal } from '../../../daemon/cli/terminal.ts';
import { startServer } from '../http/harness.ts';

/** The real command line before the real server. */
async function commandLine() {
  const { socketPath } = await startServer();
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-map-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const run = async (...args: string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const env = { PARLMESH_SOCKET: socketPath };
    const terminal = new Terminal({ stdout, stderr, env });
    const offline = () => Promise.reject(new Error('not played'));
    const code = await createProgram({ version: '0.1.0', terminal, env, offline }).execute(args);
    return { code, stdout: Buffer.from(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
  };
  return { run, folder };
}

describe('parlmesh mesh map', () => {
  it('writes SVG to standard output, of the routes or the heatmap that was asked for', async () => {
    const { run } = await commandLine();
    const { code, stdout } = await run('mesh', 'map', '--show', 'cost', '--theme', 'dark');
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^<svg.*Cost of links.*<\/svg>$/s);
    expect((await run('mesh', 'map', '--from', 'bravo', '--to', 'echo')).stdout.toString()).toContain(
      'Route from bravo to echo',
    );
  });

  it('writes PNG to a file', async () => {
    const { run, folder } = await commandLine();
    const file = join(folder, 'mesh.png');
    expect(await run('mesh', 'map', '-o', 'png', '--out', file)).toMatchObject({
      code: 0,
      stderr: `Written to ${file}\n`,
    });
    expect((await sharp(await readFile(file)).metadata()).format).toBe('png');
  });

  it('says what is wrong with a wish', async () => {
    const { run } = await commandLine();
    expect(await run('mesh', 'map', '--show', 'love')).toMatchObject({ code: 2 });
    expect((await run('mesh', 'map', '--from', 'nobody')).stderr).toContain('There is no node "nobody"');
  });
});
