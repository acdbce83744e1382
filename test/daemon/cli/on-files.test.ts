// What the command line does on files, where there are none yet: asking leaves nothing behind.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionsOnFiles } from '../../../daemon/cli/on-files.ts';
import { systemClock } from '../../../daemon/clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parlmesh-on-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a data folder that does not exist', () => {
  const actions = actionsOnFiles(systemClock);

  it.each([
    ['a network shown', (dataDir: string) => actions.showNetwork(dataDir)],
    ['a token that is none', (dataDir: string) => actions.joinNetwork({ dataDir, token: 'nonsense' })],
    ['a store checked', (dataDir: string) => actions.checkStore(dataDir)],
    ['a backup made', (dataDir: string) => actions.backupStore(dataDir)],
    ['backups listed', (dataDir: string) => actions.listBackups(dataDir)],
    ['a backup restored', (dataDir: string) => actions.restoreStore(dataDir)],
    ['models listed', (dataDir: string) => actions.listModels(dataDir)],
  ])('is not made by %s', async (_what, act) => {
    const dataDir = join(folder, 'none');
    await act(dataDir).catch(() => {});
    expect(existsSync(dataDir)).toBe(false);
  });

  it('is made for a network, whose certificate and key are then shown', async () => {
    const dataDir = join(folder, 'made');
    await actions.createNetwork({ dataDir, name: 'home', nodeName: 'north', replace: false });
    const shown = await actions.showNetwork(dataDir);
    expect(shown).toMatchObject({ network: { name: 'home' }, node: { name: 'north' }, key: { number: 0 } });
    expect(shown?.certificate.expiresAt).toBeGreaterThan(Date.now());
  });
});
