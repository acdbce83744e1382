import { describe, expect, it } from 'vitest';
import { bearer, startServer } from './harness.ts';

describe('the federation over HTTP', () => {
  it('shows who coordinates, rounds, models and what left this node', async () => {
    const { port, token } = await startServer();
    const headers = bearer(await token('read'));
    const get = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}/api/v3/federation${path}`, { headers })).json();
    expect(await get('')).toMatchObject({ coordinator: { name: 'bravo', term: 3 }, privacy: [{ roundsLeft: 9 }] });
    expect(await get('/rounds?limit=1')).toMatchObject([{ number: 8, state: 'collecting', arrived: 1 }]);
    expect(await get('/models')).toMatchObject([{ role: 'tip', rollout: { fate: 'rolling-out' } }, { role: 'serves' }]);
    expect(await get('/ledger')).toMatchObject({ entries: [{ kind: 'updates', epsilon: 4.2 }] });
    expect(await get('/rounds?learner=nobody')).toMatchObject({ status: 404, code: 'FEDERATION_UNKNOWN_LEARNER' });
    expect(await get('/rounds?limit=1000')).toMatchObject({ status: 400 });
  });

  it('lets operators decide, and nobody else', async () => {
    const { port, token, node } = await startServer();
    const call = (method: string, path: string, body: unknown, scope: 'read' | 'act' | 'admin' = 'admin') =>
      token(scope).then((secret) =>
        fetch(`http://127.0.0.1:${port}/api/v3/federation${path}`, {
          ...{
            method,
            headers: { ...bearer(secret), ...(body !== undefined && { 'content-type': 'application/json' }) },
          },
          body: body === undefined ? null : JSON.stringify(body),
        }),
      );
    expect((await call('POST', '/pause', { reason: 'harvest' })).status).toBe(204);
    expect((await call('PUT', '/consent', { learner: 'parl-policy', kind: 'experience', choice: 'deny' })).status).toBe(
      204,
    );
    expect((await call('PUT', '/consent', { learner: 'parl-policy', kind: 'secrets' })).status).toBe(400);
    expect((await call('POST', '/accounts/parl-policy', undefined, 'act')).status).toBe(403);
    expect((await call('POST', '/accounts/parl-policy', undefined)).status).toBe(204);
    expect((await call('POST', '/accounts/nobody', undefined)).status).toBe(404);
    expect((await call('POST', '/held/0123456789ab', { approve: true })).status).toBe(204);
    expect((await call('POST', '/pause', { reason: 'harvest' }, 'act')).status).toBe(403);
    const refused = await call('POST', '/rounds', { learner: 'parl-policy' });
    expect(await refused.json()).toMatchObject({ status: 409, code: 'FEDERATION_NOT_COORDINATOR' });
    expect(node.federated.asked).toEqual([
      expect.stringMatching(/^pause by .*: harvest$/),
      'consent parl-policy experience deny',
      'account parl-policy',
      'held 0123456789ab true',
      'begin parl-policy',
    ]);
  });
});
