import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { SESSION_SECONDS } from '../../../daemon/http/sessions.ts';
import { bearer, type Call, startServer } from './harness.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const restart = (call: Call): [string, Call] => ['/api/v3/agents/hardware/restart', { method: 'POST', ...call }];

describe('without a token', () => {
  it('lets loopback see and act, but not hand out access', async () => {
    const { call, node } = await startServer();
    expect((await call('/api/v3/node')).status).toBe(200);
    expect((await call(...restart({ headers: JSON_TYPE }))).status).toBe(204);
    expect(node.asked).toEqual(['restart hardware']);
    for (const path of ['tokens', 'network/invites', 'network/join', 'config/reload', 'store/backup']) {
      const answer = await call(`/api/v3/${path}`, { method: 'POST', body: {} });
      expect(answer.json(), path).toMatchObject({ status: 403, code: 'HTTP_FORBIDDEN' });
    }
    expect(node.asked).toHaveLength(1);
  });

  it('gives the Unix socket every right', async () => {
    const { call } = await startServer();
    const answer = await call('/api/v3/session', { unix: true });
    expect(answer.json()).toEqual({ caller: 'socket', scopes: ['read', 'act', 'admin'] });
  });

  it.each(['localhost', '127.0.0.1', '127.0.0.1:7420', '[::1]:7420', 'alpha', 'alpha.local:80', 'node.localhost'])(
    'goes by the name %s',
    async (host) => {
      const { call } = await startServer();
      expect((await call('/api/v3/node', { headers: { host } })).status).toBe(200);
    },
  );

  it.each(['evil.example', 'evil.example:7420', '127.0.0.1.evil.example', 'localhost.evil.example', 'xlocalhost', '.'])(
    'refuses DNS rebinding by the name "%s"',
    async (host) => {
      const { call } = await startServer();
      for (const path of ['/api/v3/node', '/', '/metrics', '/api/v3/stream']) {
        const answer = await call(path, { headers: { host } });
        expect(answer.json(), path).toMatchObject({ status: 421, code: 'HTTP_HOST_UNKNOWN' });
      }
    },
  );

  it('refuses what a proxy forwards from elsewhere', async () => {
    const { call } = await startServer();
    const answer = await call('/api/v3/node', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(answer.json()).toMatchObject({ status: 401, code: 'HTTP_UNAUTHORIZED' });
  });

  it.each<[string, Record<string, string>]>([
    ['another origin', { ...JSON_TYPE, origin: 'http://evil.example' }],
    ['another port of this host', { ...JSON_TYPE, origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { ...JSON_TYPE, origin: 'null' }],
    ['another site', { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }],
    ['another host of this site', { ...JSON_TYPE, 'sec-fetch-site': 'same-site' }],
    ['a plain form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a form of text', { 'content-type': 'text/plain' }],
    ['nothing that says otherwise', {}],
  ])('refuses a change that %s asks for', async (_name, headers) => {
    const { call, node } = await startServer();
    expect((await call(...restart({ headers }))).json()).toMatchObject({ status: 403, code: 'HTTP_CROSS_SITE' });
    expect(node.asked).toEqual([]);
  });

  it('takes a change from its own page, and from a client that shows it is no form', async () => {
    const { call, port } = await startServer();
    const own = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' };
    expect((await call(...restart({ headers: own }))).status).toBe(204);
    expect((await call(...restart({ headers: { 'x-parlmesh': '1' } }))).status).toBe(204);
  });

  it('lets no other site load what it shows', async () => {
    const { call } = await startServer();
    const answer = await call('/api/v3/cameras/north/picture', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(answer.json()).toMatchObject({ status: 403, code: 'HTTP_CROSS_SITE' });
    const own = await call('/api/v3/node');
    expect(own.headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(own.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('with a token', () => {
  it('needs it on TCP, loopback too, and says how to get one', async () => {
    const { call, token } = await startServer();
    const text = await token('read');
    const refused = await call('/api/v3/node');
    expect(refused.json()).toMatchObject({ status: 401, code: 'HTTP_UNAUTHORIZED' });
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
    expect((await call('/metrics')).status).toBe(401);
    expect((await call('/api/v3/node', { headers: bearer(text) })).status).toBe(200);
    expect((await call('/metrics', { headers: bearer(text) })).status).toBe(200);
    for (const open of ['/', '/healthz', '/readyz', '/docs', '/api/v3/openapi.json', '/api/v3/session']) {
      expect((await call(open)).status, open).toBe(200);
    }
  });

  it.each(['Bearer pm_nonsense', 'Bearer', 'Basic YTpi', `Bearer pm_aaaaaaaaaa_${'x'.repeat(43)}`])(
    'refuses "%s"',
    async (authorization) => {
      const { call, token } = await startServer();
      await token('read');
      const answer = await call('/api/v3/node', { headers: { authorization } });
      expect(answer.json()).toMatchObject({ status: 401, code: 'HTTP_TOKEN_INVALID' });
    },
  );

  it('refuses a wrong token even where none would be needed', async () => {
    const { call } = await startServer();
    expect((await call('/api/v3/node', { headers: bearer('pm_x') })).status).toBe(401);
  });

  it('allows what its scopes allow', async () => {
    const { call, token } = await startServer();
    const [read, act, admin] = [await token('read'), await token('act'), await token('admin', 'read')];
    const status = async (path: string, method: string, text: string) =>
      (await call(path, { method, headers: bearer(text), ...(method === 'POST' ? { body: {} } : {}) })).status;
    expect(await status('/api/v3/peers', 'GET', read)).toBe(200);
    expect(await status('/api/v3/agents/hardware/restart', 'POST', read)).toBe(403);
    expect(await status('/api/v3/agents/hardware/restart', 'POST', act)).toBe(204);
    expect(await status('/api/v3/peers', 'GET', act)).toBe(403);
    expect(await status('/api/v3/store/check', 'POST', act)).toBe(403);
    expect(await status('/api/v3/store/check', 'POST', admin)).toBe(200);
    expect(await status('/api/v3/tokens', 'GET', admin)).toBe(200);
    expect(await status('/api/v3/tokens', 'GET', read)).toBe(403);
  });

  it('answers under any name, since a page elsewhere has no token', async () => {
    const { call, token } = await startServer();
    const headers = { host: 'mesh.example.org', ...bearer(await token('read')) };
    expect((await call('/api/v3/node', { headers })).status).toBe(200);
  });

  it('is created, listed without its secret and revoked over the API', async () => {
    const { call } = await startServer();
    const created = await call('/api/v3/tokens', {
      method: 'POST',
      unix: true,
      body: { name: 'page', scopes: ['read'], expiresInSeconds: 3600 },
    });
    expect(created.status).toBe(201);
    const { token, id } = created.json() as { token: string; id: string };
    expect(token).toMatch(new RegExp(`^pm_${id}_[A-Za-z0-9_-]{43}$`));
    const list = await call('/api/v3/tokens', { unix: true });
    expect(list.json()).toMatchObject([{ id, name: 'page', scopes: ['read'], expiresAt: expect.any(Number) }]);
    expect(list.body.toString()).not.toContain('hash');
    expect((await call('/api/v3/node', { headers: bearer(token) })).status).toBe(200);
    expect((await call(`/api/v3/tokens/${id}`, { method: 'DELETE', unix: true })).status).toBe(204);
    expect((await call('/api/v3/node', { headers: bearer(token) })).status).toBe(401);
    expect((await call(`/api/v3/tokens/${id}`, { method: 'DELETE', unix: true })).status).toBe(404);
    const kinds = ((await call('/api/v3/events', { unix: true })).json() as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['token.created', 'token.revoked']));
  });
});

describe('a log-in', () => {
  async function logIn(options: { clock?: VirtualClock } = {}) {
    const started = await startServer(options);
    const token = await started.token('read', 'act');
    const answer = await started.call('/api/v3/session', { method: 'POST', body: { token } });
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    return { ...started, answer, cookie, headers: { cookie: cookie.split(';', 1)[0]! } };
  }

  it('exchanges a token for a cookie that scripts and other sites cannot use', async () => {
    const { answer, cookie, headers, call } = await logIn();
    expect(answer.json()).toEqual({ caller: 'session', scopes: ['read', 'act'] });
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).not.toContain('pm_');
    expect((await call('/api/v3/node', { headers })).status).toBe(200);
    expect((await call(...restart({ headers: { ...headers, ...JSON_TYPE } }))).status).toBe(204);
    const forged = { ...headers, ...JSON_TYPE, origin: 'http://evil.example' };
    expect((await call(...restart({ headers: forged }))).status).toBe(403);
  });

  it('ends by logging out', async () => {
    const { headers, call } = await logIn();
    const out = await call('/api/v3/session', { method: 'DELETE', headers: { ...headers, ...JSON_TYPE } });
    expect(out.status).toBe(204);
    expect((await call('/api/v3/node', { headers })).status).toBe(401);
  });

  it('ends with its token', async () => {
    const { headers, call, tokens } = await logIn();
    await tokens.create({ name: 'other', scopes: ['read'] });
    await tokens.revoke(tokens.list()[0]!.id);
    expect((await call('/api/v3/node', { headers })).status).toBe(401);
  });

  it('ends after a week', async () => {
    const clock = new VirtualClock();
    const { headers, call } = await logIn({ clock });
    clock.advance((SESSION_SECONDS - 1) * 1000);
    expect((await call('/api/v3/node', { headers })).status).toBe(200);
    clock.advance(2000);
    expect((await call('/api/v3/node', { headers })).status).toBe(401);
  });

  it('is refused with a wrong token, and after ten tries a minute', async () => {
    const { call, token } = await startServer();
    await token('read');
    const attempt = () => call('/api/v3/session', { method: 'POST', body: { token: 'pm_wrong' } });
    for (let i = 0; i < 10; i++) expect((await attempt()).json()).toMatchObject({ code: 'HTTP_TOKEN_INVALID' });
    const limited = await attempt();
    expect(limited.json()).toMatchObject({ status: 429, code: 'HTTP_TOO_MANY_REQUESTS' });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('/healthz')).status).toBe(200);
  });
});
