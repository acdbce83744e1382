// `parlmesh incidents`, `doctor` and `events --incident` against a node as the HTTP tests have it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startServer } from '../http/harness.ts';
import { start } from './stage.ts';

async function runner() {
  const { folder, node } = await startServer();
  const run = (...args: string[]) => start([...args, '--data-dir', folder]).done;
  return { folder, node, run };
}

it('tells each incident as a story, those that are not over first, and writes a report', async () => {
  const { folder, run } = await runner();
  const listed = await run('incidents', 'list');
  expect(listed.stdout).toMatch(
    /moved-1 +asked +camera-moved[\s\S]*frozen-1 +recovered .* 4 s .*camera\.restart \(helped\)/,
  );
  const { stdout } = await run('incidents', 'show', 'frozen-1');
  expect(stdout).toMatch(/seen +The picture has not changed for 31 s/);
  expect(stdout).toMatch(/done +restart camera north, by loop: helped\n +why: the first step of the ladder/);
  expect(stdout).toMatch(/learned +camera\.restart helps against camera-frozen here/);
  const file = join(folder, 'report.md');
  expect(await run('incidents', 'show', 'frozen-1', '--post-mortem', file)).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).toMatch(/^# camera-frozen of camera\/north\n/);
  expect(await run('incidents', 'show', 'none')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no incident'),
  });
});

it('takes an answer by number or name, and says what is offered to whoever names something else', async () => {
  const { node, run } = await runner();
  const wrong = await run('incidents', 'answer', 'moved-1', 'usb.reset');
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('offered is: camera.accept-view; or refuse')]);
  expect((await run('incidents', 'answer', 'moved-1', '1')).stdout).toBe('Approved: camera.accept-view follows.\n');
  expect(node.healed.answered).toEqual([
    { answer: { kind: 'approve', action: 'camera.accept-view' }, by: 'the command line' },
  ]);
});

it('stands in what the doctor says, with the question and the command that answers it', async () => {
  const { run } = await runner();
  const { code, stdout } = await run('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(/camera-moved of camera\/yard: asked[\s\S]*1\. take the present view of camera yard/);
  expect(stdout).toContain('parlmesh incidents answer moved-1 1|refuse');
  expect((await run('events', '--incident', 'frozen-1')).code).toBe(0);
});
