// Anomalies over the API and on the command line, against the real server over an example node.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { AnomaliesView } from '../../../daemon/view/anomaly-schema.ts';
import { start } from '../cli/stage.ts';
import { bearer, startServer } from '../http/harness.ts';

const PATH = '/api/v3/anomalies';
const ID = '0123456789ab';

describe('the API', () => {
  it('answers what is unusual, in the shape that it promises, to who may read', async () => {
    const { call, token } = await startServer();
    const { status, json } = await call(PATH, { headers: bearer(await token('read')) });
    expect(status).toBe(200);
    expect([...Value.Errors(AnomaliesView, json())]).toEqual([]);
    expect(json()).toMatchObject({ score: 0.98, raised: [{ id: ID, metric: 'cpu.load' }] });
  });

  it('takes acknowledgements and quiet hours from who may act, and takes them back', async () => {
    const { call, token, node } = await startServer();
    const headers = bearer(await token('read', 'act'));
    const taken = await call(`${PATH}/${ID}/acknowledge`, { method: 'POST', headers, body: { reason: 'known' } });
    expect(taken.json()).toMatchObject({
      raised: [{ muted: 'acknowledged' }],
      acknowledged: [{ subject: 'node', metric: 'cpu.load', reason: 'known', by: 'test' }],
    });
    expect((await call(`${PATH}/${ID}/acknowledge`, { method: 'DELETE', headers })).status).toBe(200);
    expect(node.anomalies().acknowledged).toEqual([]);
    const quietHours = [{ from: '22:00', to: '06:00', subject: 'camera/' }];
    const put = await call(`${PATH}/quiet-hours`, { method: 'PUT', headers, body: { quietHours } });
    expect(put.json()).toMatchObject({ quietHours });
  });

  it.each([
    ['POST', `${ID}/acknowledge`, { hours: 0 }, 400],
    ['POST', `${ID}/acknowledge`, { reason: 'x'.repeat(301) }, 400],
    ['POST', 'abc/acknowledge', {}, 400],
    ['POST', 'ffffffff/acknowledge', {}, 404],
    ['PUT', 'quiet-hours', { quietHours: [{ from: '25:00', to: '06:00' }] }, 400],
    ['PUT', 'quiet-hours', { quietHours: Array.from({ length: 17 }, () => ({ from: '22:00', to: '06:00' })) }, 400],
  ])('%s %s with %j is answered %d', async (method, path, body, status) => {
    const { call, token } = await startServer();
    expect((await call(`${PATH}/${path}`, { method, headers: bearer(await token('act')), body })).status).toBe(status);
  });

  it('lets nobody acknowledge who may only read', async () => {
    const { call, token } = await startServer();
    const headers = bearer(await token('read'));
    expect((await call(`${PATH}/${ID}/acknowledge`, { method: 'POST', headers, body: {} })).status).toBe(403);
  });
});

describe('parlmesh anomaly', () => {
  it('lists, explains and acknowledges', async () => {
    const { folder, node } = await startServer();
    const run = (...args: string[]) => start(['anomaly', ...args, '--data-dir', folder]).done;
    const listed = (await run('list')).stdout;
    expect(listed).toContain('1 unusual of 2 series; score of the node 98 %');
    expect(listed).toMatch(/0123456789ab +node +cpu\.load +0\.97 +0\.1 to 0\.3/);
    expect(listed).toContain('This node is unlike the 5 other raspberry-pi-4 nodes');
    expect((await run('list', '--all')).stdout).toMatch(/camera\/north +camera\.frames +calm/);
    const explained = (await run('explain', '0123')).stdout;
    expect(explained).toContain('because  far from all values before (80 % of the surprise)');
    expect(explained).toContain('with it  cpu.temperature of node');
    const done = await run('acknowledge', ID, '--for', '7d', '--reason', 'known', '--whole-subject');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('Nobody is told of it') });
    const [given] = node.anomalies().acknowledged;
    expect(given).toMatchObject({ subject: 'node', reason: 'known' });
    expect(given!.until - given!.at).toBe(7 * 86_400_000);
    expect(await run('explain', 'ffff')).toMatchObject({ code: 1, stderr: expect.stringContaining('anomaly list') });
  });
});
