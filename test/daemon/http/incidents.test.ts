import { describe, expect, it } from 'vitest';
import { bearer, startServer } from './harness.ts';

describe('incidents over HTTP', () => {
  it('shows those that are not over first, one with its question, and a report', async () => {
    const { port, token } = await startServer();
    const headers = bearer(await token('read'));
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}/api/v3${path}`, { headers });
    const get = async (path: string) => (await ask(path)).json();
    expect(await get('/incidents')).toMatchObject([{ state: 'asked' }, { state: 'recovered' }]);
    expect(await get('/incidents?open=false')).toMatchObject([{ id: 'frozen-1' }]);
    expect(await get('/incidents?subject=camera%2Fyard')).toMatchObject([{ id: 'moved-1' }]);
    expect(await get('/incidents?limit=0')).toMatchObject({ status: 400 });
    expect(await get('/incidents/moved-1')).toMatchObject({ question: { offers: [{ action: 'camera.accept-view' }] } });
    expect(await get('/incidents/none')).toMatchObject({ status: 404, code: 'INCIDENT_UNKNOWN' });
    expect(await get('/healing')).toMatchObject({ mode: 'repair', budget: { mostPerHour: 60 } });
    const report = await ask('/incidents/frozen-1/post-mortem');
    expect(report.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await report.text()).toMatch(/^# camera-frozen of camera\/north\n/);
  });

  it('takes an answer once, from those who may act, and only to what is offered', async () => {
    const { port, token, node } = await startServer();
    const answer = async (body: unknown, scope: 'read' | 'act' = 'act') => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v3/incidents/moved-1/answer`, {
        ...{ method: 'POST', body: JSON.stringify(body) },
        headers: { ...bearer(await token(scope)), 'content-type': 'application/json' },
      });
      return response.json();
    };
    expect(await answer({ kind: 'refuse' }, 'read')).toMatchObject({ status: 403 });
    expect(await answer({ kind: 'approve', action: 'rm -rf' })).toMatchObject({ status: 400 });
    expect(await answer({ kind: 'approve', action: 'usb.reset' })).toMatchObject({
      status: 404,
      code: 'OFFER_UNKNOWN',
    });
    expect(await answer({ kind: 'approve', action: 'camera.accept-view' })).toMatchObject({ state: 'repairing' });
    expect(await answer({ kind: 'refuse' })).toMatchObject({ status: 404, code: 'QUESTION_UNKNOWN' });
    expect(node.healed.answered).toHaveLength(1);
  });
});
