import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bearer, startServer } from './harness.ts';

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Everything that the server says until it closes. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

describe('limits', () => {
  it('holds each token, and each address without one, to the rate', async () => {
    const { call, token } = await startServer({ config: { rateLimit: 10 } });
    const [first, second] = [await token('read'), await token('read')];
    for (let i = 0; i < 10; i++) expect((await call('/api/v3/node', { headers: bearer(first) })).status).toBe(200);
    const limited = await call('/api/v3/node', { headers: bearer(first) });
    expect(limited.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(limited.json()).toMatchObject({ status: 429, code: 'HTTP_TOO_MANY_REQUESTS' });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('/api/v3/node', { headers: bearer(second) })).status).toBe(200);
    expect((await call('/api/v3/node', { unix: true })).status).toBe(200);
    for (let i = 0; i < 10; i++) expect((await call('/nothing')).status).toBe(404);
    expect((await call('/nothing')).status).toBe(429);
    expect((await call('/api/v3/node', { headers: bearer(`pm_aaaaaaaaaa_${'x'.repeat(43)}`) })).status).toBe(429);
  });

  it('counts pictures apart, thirty for one request', async () => {
    const { call } = await startServer({ config: { rateLimit: 10 } });
    const picture = '/api/v3/cameras/north/picture';
    for (let i = 0; i < 300; i++) expect((await call(picture)).status).toBe(200);
    expect((await call(picture)).json()).toMatchObject({ status: 429, code: 'HTTP_TOO_MANY_REQUESTS' });
    expect((await call('/api/v3/node')).status).toBe(200);
  });

  it('never limits the command line', async () => {
    const { call } = await startServer({ config: { rateLimit: 10 } });
    for (let i = 0; i < 30; i++) expect((await call('/api/v3/node', { unix: true })).status).toBe(200);
  });

  it('refuses bodies, headers and addresses that are too large', async () => {
    const { call } = await startServer();
    const body = { name: 'x'.repeat(70_000), scopes: ['read'] };
    const large = await call('/api/v3/tokens', { method: 'POST', unix: true, body });
    expect(large.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' });
    expect((await call('/healthz', { headers: { filler: 'x'.repeat(20_000) } })).status).toBe(431);
    const long = await call(`/api/v3/agents/${'x'.repeat(300)}/restart`, { method: 'POST', unix: true });
    expect(long.json()).toMatchObject({ status: 414, code: 'HTTP_URI_TOO_LONG' });
  });

  it('closes a connection that sends no request, or sends it too slowly', async () => {
    const { port } = await startServer();
    const [silent, slow] = [await dial(port), await dial(port)];
    slow.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const [, answer] = await Promise.all([untilClosed(silent), untilClosed(slow)]);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('answers what is not HTTP with 400 and closes', async () => {
    const { port, call } = await startServer();
    const socket = await dial(port);
    socket.write('\u0016\u0003\u0001nonsense\r\n\r\n');
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await call('/healthz')).status).toBe(200);
  });
});

describe('whatever is asked', () => {
  const name = fc.oneof(
    fc.constantFrom('after', 'before', 'limit', 'severity', 'kind', 'subject', 'series', 'since', 'until', 'camera'),
    fc.constantFrom('label', 'topics', '__proto__', 'constructor'),
    fc.string({ maxLength: 10 }),
  );
  const value = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.constantFrom('1', '-1', '1e999', 'NaN', '0x10', '9007199254740993', 'null', '[]', '{}', 'true', ''),
  );

  it('never answers a query with a server error', async () => {
    const { call } = await startServer({ config: { rateLimit: 1_000_000 } });
    const paths = ['events', 'observations', 'history', 'node', 'peers', 'cameras/x/picture', 'observations/y/picture'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.array(fc.tuple(name, value), { maxLength: 5 }),
        async (path, pairs) => {
          const query = pairs.map(([key, text]) => `${percent(key)}=${percent(text)}`).join('&');
          const { status, headers } = await call(`/api/v3/${path}?${query}`);
          expect(status).toBeLessThan(500);
          if (status >= 400) expect(headers['content-type']).toMatch(/^application\/problem\+json/);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never answers a body with a server error', async () => {
    const { call } = await startServer();
    const fields = fc.record(
      {
        name: fc.oneof(fc.string(), fc.jsonValue()),
        scopes: fc.oneof(fc.array(fc.constantFrom('read', 'act', 'admin', 'root')), fc.jsonValue()),
        expiresInSeconds: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
        token: fc.oneof(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(fields, fc.jsonValue(), fc.string());
    const paths = ['tokens', 'session', 'network/invites', 'network/join', 'config/reload', 'agents/hardware/restart'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), body, async (path, given) => {
        const text = typeof given === 'string' ? given : JSON.stringify(given);
        const headers = { 'content-type': 'application/json' };
        const answer = await call(`/api/v3/${path}`, { method: 'POST', unix: true, headers, body: text });
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  it('never answers a path with a server error', async () => {
    const { call } = await startServer({ config: { rateLimit: 1_000_000 } });
    const path = fc
      .array(
        fc.oneof(
          fc.constantFrom('..', '.', '%2e%2e', '%2f', '%00', '%zz', 'api', 'v3', 'assets', 'docs', '%5c'),
          value,
        ),
      )
      .map((parts) => `/${parts.map((part) => (/^%\w\w$/.test(part) ? part : percent(part))).join('/')}`);
    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const { status, body } = await call(asked);
        expect(status).toBeLessThan(500);
        expect(body.toString()).not.toContain('root:');
      }),
      { numRuns: 300 },
    );
  });

  /** Percent-encoding that takes lone surrogates too. */
  function percent(text: string): string {
    return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  }
});
