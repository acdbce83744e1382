import { expect, it } from 'vitest';
import { guardedServer } from '../http/guarded-server.ts';
import { start } from './stage.ts';

it('oracle and audit tell what was decided, and decide, against a real node', { timeout: 60_000 }, async () => {
  const { server, node, self } = await guardedServer();
  const run = (...args: string[]) => start([...args, '--data-dir', server.folder]).done;
  expect(await run('oracle', 'status')).toMatchObject({ code: 0, stdout: /^Nobody is frozen/ });

  expect((await run('oracle', 'halt', 'a break-in')).stdout).toContain('halted in the whole network');
  expect(await run('config', 'reload')).toMatchObject({ code: 1, stderr: expect.stringContaining('a break-in') });
  const halted = await run('oracle', 'status');
  expect(halted.code).toBe(1);
  expect(halted.stdout).toMatch(/^Changes are halted since .*: a break-in\./);
  expect(halted.stdout).toContain('config.reload');
  expect((await run('oracle', 'lift')).stdout).toContain('lifted everywhere');

  expect((await run('oracle', 'freeze', 'agent/x', 'seen')).stdout).toContain('agent/x is frozen');
  expect((await run('oracle', 'status')).stdout).toMatch(new RegExp(`agent/x@${self} is frozen .*: seen`));
  expect((await run('oracle', 'unfreeze', `agent/x@${self}`)).code).toBe(0);

  expect((await run('oracle', 'grant', self, 'agent.restart', '--agent', 'keeper', '--expires', '2h')).code).toBe(0);
  const [right] = JSON.parse((await run('oracle', 'rights', '-o', 'json')).stdout);
  expect(right).toMatchObject({ agent: 'keeper', capabilities: ['agent.restart@network'] });
  expect((await run('oracle', 'revoke', right.id)).code).toBe(0);
  expect((await run('oracle', 'rights')).stdout).toContain('holds no rights');
  expect((await run('oracle', 'order', 'config.set', self, '--subject', 'x')).code).toBe(0);

  const rows = JSON.parse((await run('audit', 'tail', '-o', 'json')).stdout);
  expect(rows.map(({ kind }: { kind: string }) => kind)).toEqual(
    'allowed halted denied allowed lifted allowed frozen allowed unfrozen allowed granted allowed revoked allowed'.split(
      ' ',
    ),
  );
  expect((await run('audit', 'tail', '-n', '1')).stdout).toMatch(/allowed {2}operator/);
  expect(await run('audit', 'verify')).toMatchObject({ code: 0, stdout: /as it was written: 14 rows/ });
  node.audit.rows.splice(4, 1);
  expect(await run('audit', 'verify')).toMatchObject({ code: 1, stdout: /not as it was written: row 5/ });
});

it('audit tail follows what is decided', { timeout: 60_000 }, async () => {
  const { server } = await guardedServer();
  const follower = start(['audit', 'tail', '-f', '-o', 'json', '--data-dir', server.folder]);
  await start(['oracle', 'halt', 'x', '--data-dir', server.folder]).done;
  await expect.poll(() => follower.stdout(), { timeout: 20_000 }).toContain('"kind":"halted"');
  follower.end();
  await follower.done;
});
