import { describe, expect, it } from 'vitest';
import { actionOfRoute, mustBeAction } from '../../../daemon/http/authorization.ts';
import { capabilitiesOfScopes } from '../../../daemon/security/oracle.ts';
import { guardedServer } from './guarded-server.ts';
import { bearer } from './harness.ts';

describe('The API before an oracle', () => {
  it('puts on record who changed what, and what was refused', async () => {
    const { server, node } = await guardedServer();
    const headers = bearer(await server.token('read', 'act'));
    expect((await server.call('/api/v3/agents/hardware/restart', { method: 'POST', headers })).status).toBe(204);
    node.agents.set('client', []);
    const refused = await server.call('/api/v3/agents/hardware/restart', { method: 'POST', headers });
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'NOT_AUTHORIZED', detail: expect.stringContaining('agent.restart') });
    const rows = (await server.call('/api/v3/audit', { headers })).json();
    expect(rows).toMatchObject([
      { kind: 'denied', subject: 'agent/hardware' },
      { kind: 'allowed', subject: 'agent/hardware', actor: expect.stringMatching(/^client\/test\//) },
    ]);
    expect((await server.call('/api/v3/audit/verify', { headers })).json()).toMatchObject({ ok: true, rows: 2 });
    node.audit.rows[0]!.subject = 'agent/other';
    expect((await server.call('/api/v3/audit/verify', { headers })).json()).toMatchObject({
      ok: false,
      fault: { sequence: 1, kind: 'changed' },
    });
  });

  it('has on record who let a peer in again that was shut out, and lets only those do so who may change the mesh', async () => {
    const { server } = await guardedServer();
    const { mesh, asked } = server.node;
    const { id } = server.node.peers()[0]!;
    mesh.shutOut = { id, since: 1000, why: 'bravo does harm: it handed over 30 forged frames' };
    const readmit = async (path: string, headers: Record<string, string>) =>
      (await server.call(`/api/v3/peers/${path}/readmit`, { method: 'POST', headers })).status;
    const shown = async () => (await server.call('/api/v3/peers', { headers: admin })).json();
    const admin = bearer(await server.token('read', 'admin'));
    expect(await shown()).toMatchObject([
      { shutOut: { since: 1000, why: expect.stringContaining('forged') } },
      {},
      {},
      {},
    ]);
    expect(await readmit(id, bearer(await server.token('read', 'act')))).toBe(403);
    expect(await readmit('nobody', admin)).toBe(404);
    expect(await readmit('x'.repeat(81), admin)).toBe(400);
    expect(asked).toEqual([]);
    expect(await readmit(id, admin)).toBe(204);
    expect(asked).toEqual([`readmit ${id} by test`]);
    expect(JSON.stringify(await shown())).not.toContain('shutOut');
    const rows = (await server.call('/api/v3/audit', { headers: admin })).json();
    expect(rows).toMatchObject([
      { kind: 'allowed', detail: expect.stringContaining('peer.readmit'), subject: `peer/${id}` },
      { kind: 'allowed', subject: 'peer/nobody' },
    ]);
  });

  it('freezes a token that tries what it has no right to, which cannot free itself by a younger one', async () => {
    const { server, node } = await guardedServer();
    node.agents.set('client', []);
    const headers = bearer(await server.token('read', 'act', 'admin'));
    for (let n = 0; n < 7; n++) await server.call('/api/v3/store/backup', { method: 'POST', headers, body: {} });
    const { frozen } = (await server.call('/api/v3/oracle', { headers })).json() as { frozen: { actor: string }[] };
    expect(frozen).toHaveLength(1);
    node.agents.set('client', capabilitiesOfScopes(['admin']));
    const body = { actor: frozen[0]!.actor };
    const unfreeze = (more: object) => server.call('/api/v3/oracle/unfreeze', { method: 'POST', body, ...more });
    expect((await unfreeze({ headers })).json()).toMatchObject({ code: 'NOT_AUTHORIZED' });
    const younger = bearer(await server.token('admin'));
    expect((await unfreeze({ headers: younger })).json()).toMatchObject({ code: 'TOKEN_FORBIDDEN' });
    expect((await unfreeze({ unix: true })).json()).toEqual({ reach: 'network' });
    expect((await unfreeze({ unix: true })).json()).toMatchObject({ code: 'ACTOR_NOT_FOUND' });
  });

  it('refuses changes of configuration while they are halted, to everybody, until it is lifted', async () => {
    const { server } = await guardedServer();
    const post = (path: string, body: object = {}) =>
      server.call(`/api/v3/${path}`, { method: 'POST', body, unix: true });
    expect((await post('oracle/halt', { reason: 'a break-in' })).json()).toEqual({ reach: 'network' });
    expect((await post('config/reload')).json()).toMatchObject({
      code: 'NOT_AUTHORIZED',
      detail: expect.stringContaining('a break-in'),
    });
    expect((await post('agents/hardware/restart')).status).toBe(204);
    expect((await post('oracle/lift')).json()).toEqual({ reach: 'network' });
    expect((await post('config/reload')).status).toBe(200);
  });

  it('gives and revokes rights, and orders within them', async () => {
    const { server, node, self } = await guardedServer();
    const made = await server.call('/api/v3/oracle/tokens', {
      method: 'POST',
      unix: true,
      body: {
        node: self,
        agent: 'keeper',
        capabilities: [{ action: 'agent.restart', scope: 'node', mostNodes: 1, largestShare: 1, approvals: 0 }],
      },
    });
    expect(made.status).toBe(201);
    const { id } = made.json() as { id: string };
    const held = async () => (await server.call('/api/v3/oracle/tokens', { unix: true })).json();
    expect(await held()).toMatchObject([
      { id, agent: 'keeper', root: 'network', capabilities: ['agent.restart@node'] },
    ]);
    expect((await server.call(`/api/v3/oracle/tokens/${id}`, { method: 'DELETE', unix: true })).status).toBe(204);
    expect(await held()).toEqual([]);
    expect(node.audit.rows.map(({ kind }) => kind)).toEqual(['allowed', 'granted', 'allowed', 'revoked']);
  });
});

describe('A route that changes something', () => {
  it('is an action that the oracle knows by name', async () => {
    const { server } = await guardedServer();
    const { paths } = (await server.call('/api/v3/openapi.json', { unix: true })).json() as {
      paths: Record<string, Record<string, unknown>>;
    };
    const changing = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== 'get')
        .map((method) => [method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1')] as const),
    );
    expect(changing.length).toBeGreaterThan(20);
    for (const [method, path] of changing) expect(() => actionOfRoute(method, path)).not.toThrow();
    expect(actionOfRoute('POST', '/api/v3/blobs')).toEqual({ action: 'blob.write', subject: 'blobs' });
  });

  it('keeps the server from starting where it is none', () => {
    expect(() => mustBeAction({ method: ['GET', 'PUT'], url: '/api/v3/things/:id' })).toThrow(
      'PUT /things/:id is no action that the oracle knows',
    );
    expect(() => mustBeAction({ method: ['GET', 'HEAD'], url: '/api/v3/things/:id' })).not.toThrow();
  });
});
