// Starts the real server over the example node and talks to it by plain sockets, with every header in the test's hand.

import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { HttpConfig } from '../../../daemon/http/config.ts';
import { HttpServer, type HttpServerOptions } from '../../../daemon/http/server.ts';
import { type Scope, type TokenRow, type TokenStorage, Tokens } from '../../../daemon/security/tokens.ts';
import { ExampleNode } from './example-view.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): unknown;
}

export interface Call {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a string. */
  body?: unknown;
  /** Over the Unix socket. */
  unix?: boolean;
  address?: string;
}

export interface Started {
  server: HttpServer;
  node: ExampleNode;
  tokens: Tokens;
  socketPath: string;
  folder: string;
  port: number;
  call(path: string, call?: Call): Promise<Answer>;
  /** Creates a token and returns its text. */
  token(...scopes: Scope[]): Promise<string>;
}

export function memoryStorage(): TokenStorage & { rows: Map<string, TokenRow> } {
  const rows = new Map<string, TokenRow>();
  return {
    rows,
    list: () => [...rows.values()],
    put: async (row) => void rows.set(row.id, structuredClone(row)),
  };
}

/** A started server that ends with the test. */
export async function startServer(
  options: { config?: Partial<HttpConfig>; clock?: Clock; more?: Partial<HttpServerOptions> } = {},
): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-http-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clock = options.clock ?? systemClock;
  const node = new ExampleNode({ clock });
  const tokens = new Tokens({ storage: memoryStorage(), clock, logger: silentLogger });
  const socketPath = join(folder, 'parlmesh.sock');
  const server = new HttpServer({
    config: configOf(options.config),
    portIsExplicit: true,
    view: node,
    actions: node,
    tokens,
    socketPath,
    publicDir: join(folder, 'public'),
    clock,
    logger: silentLogger,
    journal: node,
    ...options.more,
  });
  await server.start(new AbortController().signal);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(async () => {
    agent.destroy();
    await server.stop();
  });
  const port = server.port ?? 0;
  return {
    server,
    node,
    tokens,
    socketPath,
    folder,
    port,
    call: (path, call = {}) => send({ socketPath: call.unix ? socketPath : undefined, port, agent }, path, call),
    token: async (...scopes) => (await tokens.create({ name: 'test', scopes })).token,
  };
}

export function configOf(given: Partial<HttpConfig> = {}): HttpConfig {
  return Value.Parse(HttpConfig, Value.Default(HttpConfig, { port: 0, ...given }));
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function send(
  to: { socketPath: string | undefined; port: number; agent: Agent },
  path: string,
  { method = 'GET', headers = {}, body, address = '127.0.0.1' }: Call,
): Promise<Answer> {
  const isText = typeof body === 'string';
  const payload = body === undefined || isText ? body : JSON.stringify(body);
  const target =
    to.socketPath === undefined
      ? { host: address, port: to.port, ...(address === '127.0.0.1' ? { agent: to.agent } : {}) }
      : { socketPath: to.socketPath };
  return new Promise((resolve, reject) => {
    const call = request(
      {
        ...target,
        path,
        method,
        headers: {
          ...(payload === undefined || isText ? {} : { 'content-type': 'application/json' }),
          ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: whole,
            json: () => JSON.parse(whole.toString()),
          });
        });
      },
    );
    call.on('error', reject);
    call.end(payload);
  });
}
