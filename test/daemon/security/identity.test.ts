import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadIdentity } from '../../../daemon/security/identity.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parlmesh-identity-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('the identity', () => {
  it('is made once, readable by nobody else, and is the same ever after', async () => {
    const first = await loadIdentity(dataDir);
    const file = join(dataDir, 'identity', 'node.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'identity'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dataDir, 'identity'))).toEqual(['node.key']);
    expect((await loadIdentity(dataDir)).nodeId).toBe(first.nodeId);
  });

  it.each(['', 'nonsense', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'is never replaced when its file is broken: %j',
    async (content) => {
      await loadIdentity(dataDir);
      const file = join(dataDir, 'identity', 'node.key');
      await writeFile(file, content);
      await expect(loadIdentity(dataDir)).rejects.toMatchObject({
        code: 'IDENTITY_CORRUPT',
        message: expect.stringContaining(file),
        hint: expect.stringContaining('backup'),
      });
      expect(await readFile(file, 'utf8')).toBe(content);
    },
  );

  it('says so when it cannot be read', async () => {
    await mkdir(join(dataDir, 'identity', 'node.key'), { recursive: true });
    await expect(loadIdentity(dataDir)).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' });
  });
});
