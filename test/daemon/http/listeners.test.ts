import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpServer, type HttpServerOptions } from '../../../daemon/http/server.ts';
import { Tokens } from '../../../daemon/security/tokens.ts';
import { bearer, configOf, memoryStorage, type Started, startServer } from './harness.ts';

const started = new AbortController().signal;

/** A second server beside a started one, not started yet. */
function another({ node, folder }: Started, more: Partial<HttpServerOptions>): HttpServer {
  const server = new HttpServer({
    config: configOf(),
    portIsExplicit: false,
    view: node,
    actions: node,
    tokens: new Tokens({ storage: memoryStorage(), clock: systemClock, logger: silentLogger }),
    socketPath: join(folder, 'second.sock'),
    publicDir: join(folder, 'public'),
    clock: systemClock,
    logger: silentLogger,
    journal: node,
    ...more,
  });
  onTestFinished(() => server.stop());
  return server;
}

describe('the Unix socket', () => {
  it('is open to owner and group only, and gone after the stop', async () => {
    const { socketPath, server, call } = await startServer();
    const file = await stat(socketPath);
    expect(file.isSocket()).toBe(true);
    expect(file.mode & 0o777).toBe(0o660);
    expect((await call('/healthz', { unix: true })).status).toBe(200);
    await server.stop();
    await expect(stat(socketPath)).rejects.toThrow('ENOENT');
  });

  it('takes over the file that a crashed daemon left', async () => {
    const first = await startServer();
    const socketPath = join(first.folder, 'stale.sock');
    await writeFile(socketPath, '');
    const server = another(first, { socketPath });
    await server.start(started);
    expect((await stat(socketPath)).isSocket()).toBe(true);
  });

  it('is not taken from a living daemon', async () => {
    const first = await startServer();
    const server = another(first, { socketPath: first.socketPath });
    await expect(server.start(started)).rejects.toMatchObject({ code: 'HTTP_SOCKET_IN_USE' });
    expect((await first.call('/healthz', { unix: true })).status).toBe(200);
  });

  it('says when its path is longer than the kernel allows', async () => {
    const first = await startServer();
    const server = another(first, { socketPath: join(first.folder, 'x'.repeat(100)) });
    await expect(server.start(started)).rejects.toMatchObject({ code: 'HTTP_SOCKET_PATH_INVALID' });
  });

  it('is served where TCP is switched off', async () => {
    const { server, call } = await startServer({ config: { enabled: false } });
    expect(server.addresses).toEqual([]);
    expect((await call('/api/v3/node', { unix: true })).status).toBe(200);
  });
});

describe('TCP', () => {
  it('keeps to loopback until a token exists, then opens, and closes with the last token', async () => {
    const { call, server, port, tokens, token, node } = await startServer({ config: { host: '0.0.0.0' } });
    // 127.0.0.2 is no address that a listener on 127.0.0.1 answers for: it stands for the network here.
    const outside = () =>
      call('/healthz', { address: '127.0.0.2' }).then(
        ({ status }) => status,
        () => 'refused',
      );
    expect(server.addresses).toEqual([`http://127.0.0.1:${port}/`]);
    expect(await outside()).toBe('refused');

    const text = await token('read');
    await expect.poll(outside).toBe(200);
    expect(server.port).toBe(port);
    expect((await call('/api/v3/node', { headers: bearer(text) })).status).toBe(200);
    expect(node.events({ kind: 'http.' })).toMatchObject([{ kind: 'http.rebound' }]);

    await tokens.revoke(tokens.list()[0]!.id);
    await expect.poll(outside).toBe('refused');
    expect((await call('/api/v3/node')).status).toBe(200);
  });

  it('uses a free port when the default is taken, and says so when a chosen one is', async () => {
    const first = await startServer();
    const config = configOf({ port: first.port });
    const easy = another(first, { config, portIsExplicit: false });
    await easy.start(started);
    expect(easy.port).not.toBe(first.port);

    const socketPath = join(first.folder, 'third.sock');
    const strict = another(first, { config, portIsExplicit: true, socketPath });
    await expect(strict.start(started)).rejects.toMatchObject({ code: 'HTTP_PORT_TAKEN' });
    // The command line still gets an answer, and a later try succeeds.
    expect((await stat(socketPath)).isSocket()).toBe(true);
    await first.server.stop();
    await strict.start(started);
    expect(strict.port).toBe(first.port);
  });

  it('names an address that is not of this board', async () => {
    const first = await startServer();
    const tokens = new Tokens({ storage: memoryStorage(), clock: systemClock, logger: silentLogger });
    await tokens.create({ name: 'x', scopes: ['read'] });
    const server = another(first, { config: configOf({ host: '203.0.113.1' }), tokens });
    await expect(server.start(started)).rejects.toMatchObject({ code: 'HTTP_LISTEN_FAILED' });
  });

  it('stays on loopback, with an event, when the configured address cannot be had', async () => {
    const { call, token, node, server, port } = await startServer({ config: { host: '203.0.113.1' } });
    const text = await token('read');
    await expect.poll(() => node.events({ kind: 'http.' })).toMatchObject([{ kind: 'http.rebindFailed' }]);
    await expect.poll(() => server.addresses).toEqual([`http://127.0.0.1:${port}/`]);
    expect((await call('/api/v3/node', { headers: bearer(text) })).status).toBe(200);
  });

  it('finishes the request under way when it stops', async () => {
    const { server, call, node } = await startServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked = new Promise<void>((reached) => {
      Object.defineProperty(node, 'checkStore', {
        value: async () => {
          reached();
          await promise;
          return { ok: true, problems: [] };
        },
      });
    });
    const answer = call('/api/v3/store/check', { method: 'POST', unix: true });
    await asked;
    const stopped = server.stop();
    resolve();
    expect((await answer).json()).toEqual({ ok: true, problems: [] });
    await stopped;
    await expect(call('/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  it('speaks TLS when told to, and its cookie insists on it', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'parlmesh-tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const tls = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const arguments_ = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost`;
    const made = spawnSync('openssl', [...arguments_.split(' '), '-keyout', tls.key, '-out', tls.certificate]);
    context.skip(made.status !== 0, 'openssl is not installed');
    const { server, port, token } = await startServer({ config: { tls } });
    expect(server.addresses).toEqual([`https://127.0.0.1:${port}/`]);
    const body = JSON.stringify({ token: await token('read') });
    const log = request({
      host: '127.0.0.1',
      port,
      path: '/api/v3/session',
      method: 'POST',
      rejectUnauthorized: false,
      headers: { 'content-type': 'application/json' },
    }).end(body);
    const [response] = (await once(log, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(response.headers['set-cookie']?.[0]).toMatch(/; Secure/);
  });

  it('frees its port and ends its connections when it stops, and can start again', async () => {
    const { server, port, call } = await startServer();
    await call('/healthz');
    await server.stop();
    const probe = createServer().listen(port, '127.0.0.1');
    await once(probe, 'listening');
    await new Promise((resolve) => probe.close(resolve));
    await server.start(started);
    expect(server.port).toBeDefined();
  });
});
