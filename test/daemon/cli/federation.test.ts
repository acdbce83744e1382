// `parlmesh federation` against a node as the HTTP tests have it.

import { expect, it } from 'vitest';
import { startServer } from '../http/harness.ts';
import { start } from './stage.ts';

async function runner() {
  const { folder } = await startServer();
  return (...args: string[]) => start(['federation', ...args, '--data-dir', folder]).done;
}

it('tells who coordinates, what this board does, and what came of rounds', async () => {
  const run = await runner();
  const { stdout, code } = await run('status');
  expect(code).toBe(0);
  expect(stdout).toMatch(/coordinator\s+bravo, term 3/);
  expect(stdout).toMatch(/aggregated by\s+the robust default, norms up to 1.5 times the median/);
  expect(stdout).toMatch(/roll-out\s+a3c9f1d20b5e7788 at canaries for 5 min, 12 pieces of work/);
  expect(stdout).toMatch(/Scheduling policy\s+training, round 8\s+140\s+9f86d081884c7d65/);
  expect((await run('round')).stdout).toMatch(/updates\s+1 of 3, 2 must come[\s\S]*charlie\s+in\s+7 s/);
  expect((await run('history')).stdout).toMatch(/7 .*3\/3\s+400\s+2\s+proposed/);
  expect((await run('models')).stdout).toMatch(/a3c9f1d20b5e7788.*1\.031\s+rolling-out/);
  expect((await run('models')).stdout).toContain('9f86d081884c7d65 and 00c0ffee00000003, split at 00c0ffee00000001');
  expect((await run('coordinator')).stdout).toMatch(/bravo coordinates, term 3[\s\S]*alpha/);
  expect((await run('privacy')).stdout).toMatch(/rounds left\s+9[\s\S]*0123456789ab[\s\S]*updates of parl-policy/);
  expect(JSON.parse((await run('history', '-o', 'json')).stdout)).toHaveLength(8);
});

it('says which node to ask where this one does not coordinate', async () => {
  const run = await runner();
  const { code, stderr } = await run('run');
  expect([code, stderr]).toEqual([1, expect.stringContaining('bravo coordinates')]);
  expect((await run('models', '--learner', 'nobody')).stderr).toContain('"nobody"');
});

it('begins a new period of the privacy budget only for who says that he means it', async () => {
  const run = await runner();
  const asked = await run('renew');
  expect([asked.code, asked.stderr]).toEqual([1, expect.stringMatching(/ε 4.20 in all; .* ε 8 more[\s\S]*--yes/)]);
  expect((await run('renew', '--yes')).stdout).toContain('A new period of the budget of parl-policy has begun');
});
