// `parlmesh peers` and `peers readmit` against a node as the HTTP tests have it.

import { expect, it } from 'vitest';
import { startServer } from '../http/harness.ts';
import { start } from './stage.ts';

it('shows who is shut out since when and why, and lets one in again by its name', async () => {
  const { folder, node } = await startServer();
  const run = (...args: string[]) => start(['peers', ...args, '--data-dir', folder]).done;
  const { id } = node.peers()[0]!;
  const why = 'bravo does harm: it handed over 30 forged or broken frames within a minute';
  node.mesh.shutOut = { id, since: Date.now() - 300_000, why };
  expect((await run()).stdout).toMatch(/^bravo +shut out +5 min .*bravo does harm: it handed over 30 forged/m);
  expect((await run('bravo')).stdout).toMatch(/shut out +for 5 min, because bravo does harm/);
  expect(await run('readmit', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('"nobody"') });
  expect((await run('readmit', 'charlie')).stderr).toContain('has shut out no node');
  expect(await run('readmit', 'bravo')).toMatchObject({
    code: 0,
    stdout: `bravo (…${id.slice(-8)}) is let in again.\n`,
  });
  expect(node.asked).toEqual([`readmit ${id} by the command line`]);
  expect((await run()).stdout).toMatch(/^bravo +connected/m);
  node.mesh.shutOut = { id, since: 0, why };
  const json = await run('readmit', id, '-o', 'json');
  expect(JSON.parse(json.stdout)).toEqual({ readmitted: id, name: 'bravo' });
});
