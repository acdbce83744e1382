import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NetworkFiles } from '../../../daemon/security/network.ts';

let dataDir: string;
let files: NetworkFiles;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parlmesh-network-'));
  files = new NetworkFiles(dataDir);
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('the files of the network', () => {
  it('hold what was written last, readable by nobody else, without leftovers', async () => {
    expect(await files.read('peers')).toBeUndefined();
    await Promise.all(Array.from({ length: 20 }, (_, at) => files.write('peers', { at })));
    expect(await new NetworkFiles(dataDir).read('peers')).toEqual({ at: 19 });
    expect((await stat(join(dataDir, 'network', 'peers.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'network'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dataDir, 'network'))).toEqual(['peers.json']);
  });

  it('say which of them is broken', async () => {
    await files.write('credentials', {});
    await writeFile(join(dataDir, 'network', 'credentials.json'), '{"format":');
    await expect(files.read('credentials')).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringContaining('credentials.json'),
    });
  });

  it('keep the credentials of a network that is left', async () => {
    await files.write('credentials', { network: 'old' });
    await files.archive('0123456789abcdef');
    await files.write('credentials', { network: 'new' });
    const kept = join(dataDir, 'network', 'former', '0123456789abcdef', 'credentials.json');
    expect(JSON.parse(await readFile(kept, 'utf8'))).toEqual({ network: 'old' });
  });
});
