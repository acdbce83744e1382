// The HTTP service: one application behind two listeners. The Unix socket is always there; TCP keeps to loopback
// until a token exists.

import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { Chaos } from '../chaos/chaos.ts';
import type { RemoteNodes } from '../remote-nodes.ts';
import type { Tokens } from '../security/tokens.ts';
import type { Actions, View } from '../view/view.ts';
import { isLoopback } from './access.ts';
import { buildApp, type RequestObserver } from './app.ts';
import type { OracleAccess } from './authorization.ts';
import type { HttpConfig } from './config.ts';
import type { App } from './context.ts';
import { serveForwards } from './forward-upgrade.ts';
import type { Streams } from './streams.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

export interface HttpServerOptions {
  config: HttpConfig;
  /** Whether the user chose the port: a taken one is then an error, else any free one is used. */
  portIsExplicit: boolean;
  view: View;
  actions: Actions;
  /** Left out, other nodes cannot be asked. */
  remote?: RemoteNodes;
  /** Left out, no fault can be injected. */
  chaos?: Chaos;
  /** Left out, callers may do whatever their scope allows. */
  oracle?: OracleAccess;
  tokens: Tokens;
  /** File of the Unix socket. */
  socketPath: string;
  /** Folder of the built status page; it may be missing. */
  publicDir: string;
  clock: Clock;
  logger: Logger;
  journal: Journal;
  observer?: RequestObserver;
}

/** A client gets this long for its headers and its whole request; then the connection is closed. */
const LIMITS: ServerOptions = {
  headersTimeout: 6_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 16_384,
};
/** A connection on which nothing moves is closed; streams send a heartbeat well within. */
const IDLE = 60_000;
/** What is still being answered when the service stops has this long. */
const GRACE = 1_000;
const MOST_CONNECTIONS = 256;
const LOOPBACK = '127.0.0.1';

export class HttpServer implements Service {
  readonly name = 'http';
  readonly #options: HttpServerOptions;
  readonly #logger: Logger;
  readonly #unixConnections = new WeakSet<Duplex>();
  /** Servers that still have connections, listening or not. */
  readonly #servers = new Set<Server>();
  #app: App | undefined;
  #streams: Streams | undefined;
  #tls: { create: typeof createTlsServer; files: { cert: Buffer; key: Buffer } } | undefined;
  #unix: Server | undefined;
  #tcp: Server | undefined;
  #unfollowTokens: (() => void) | undefined;
  #endForwards: (() => void) | undefined;
  #rebinding: Promise<void> = Promise.resolve();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ service: this.name });
  }

  /** The Unix socket stays served when only TCP cannot be; a further `start` then tries TCP again. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#app === undefined) {
      const { app, streams } = await buildApp({
        ...this.#options,
        logger: this.#logger,
        cameByUnixSocket: (request) => this.#unixConnections.has(request.raw.socket),
      });
      this.#app = app;
      this.#streams = streams;
    }
    signal.throwIfAborted();
    this.#unix ??= await this.#listenUnix(this.#app);
    signal.throwIfAborted();
    if (this.#options.config.enabled) {
      this.#tcp ??= await this.#listenTcp(this.#app, this.#wantedHost(), this.#options.config.port);
    }
    this.#unfollowTokens ??= this.#options.tokens.onChange(() => this.#onTokensChanged());
  }

  async stop(): Promise<void> {
    this.#unfollowTokens?.();
    this.#unfollowTokens = undefined;
    await this.#rebinding;
    this.#streams?.close();
    this.#endForwards?.();
    await Promise.all([...this.#servers].map((server) => this.#close(server)));
    this.#unix = undefined;
    this.#tcp = undefined;
    this.#tls = undefined;
    await this.#app?.close();
    this.#app = undefined;
    this.#streams = undefined;
  }

  /** The TCP port, once it listens. */
  get port(): number | undefined {
    return addressOf(this.#tcp)?.port;
  }

  /** Addresses under which the page can be opened; changes when the first token opens the node. */
  get addresses(): string[] {
    const bound = addressOf(this.#tcp);
    if (bound === undefined) return [];
    const scheme = this.#options.config.tls === undefined ? 'http' : 'https';
    return hostsOf(bound.address).map(
      (host) => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${bound.port}/`,
    );
  }

  #wantedHost(): string {
    const { config, tokens } = this.#options;
    return tokens.required || isLoopback(config.host) ? config.host : LOOPBACK;
  }

  async #listenUnix(app: App): Promise<Server> {
    const server = this.#track(createServer(LIMITS, app.routing));
    server.on('connection', (socket: Socket) => this.#unixConnections.add(socket));
    if (this.#options.remote !== undefined) this.#endForwards = serveForwards(server, this.#options.remote);
    await listenOnUnixSocket(server, this.#options.socketPath);
    return server;
  }

  async #listenTcp(app: App, host: string, port: number): Promise<Server> {
    try {
      return await this.#bind(app, host, port);
    } catch (error) {
      if (!isErrno(error, 'EADDRINUSE')) {
        throw new ParlmeshError('HTTP_LISTEN_FAILED', `Cannot listen on ${host}:${port}: ${messageOf(error)}`, {
          hint: 'http.host must be an address of this board',
          cause: error,
        });
      }
      if (this.#options.portIsExplicit) {
        throw new ParlmeshError('HTTP_PORT_TAKEN', `Port ${port} is taken by another program`, {
          hint: 'Set http.port to another one, or to 0 for any',
          cause: error,
        });
      }
      const server = await this.#bind(app, host, 0);
      this.#logger.warn({ port, used: addressOf(server)?.port }, 'default port is taken, using a free one');
      return server;
    }
  }

  async #bind(app: App, host: string, port: number): Promise<Server> {
    return this.#listen(await this.#createTcpServer(app.routing), host, port);
  }

  async #listen(server: Server, host: string, port: number): Promise<Server> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#logger.info({ host, port: addressOf(server)?.port }, 'listening');
    return server;
  }

  async #createTcpServer(handler: RequestListener): Promise<Server> {
    const { tls } = this.#options.config;
    if (tls === undefined) return this.#track(createServer(LIMITS, handler));
    // Once: a rebinding must neither fail for a file nor leave the port closed meanwhile.
    this.#tls ??= {
      create: (await import('node:https')).createServer,
      files: { cert: await readFile(tls.certificate), key: await readFile(tls.key) },
    };
    return this.#track(this.#tls.create({ ...LIMITS, ...this.#tls.files }, handler));
  }

  #track(server: Server): Server {
    server.maxConnections = MOST_CONNECTIONS;
    server.timeout = IDLE;
    server.on('clientError', answerUnreadable);
    server.on('request', (_request, response) => {
      // A connection that was busy while its server closed must not stay for the sake of keep-alive.
      response.once('close', () => setImmediate(() => server.listening || server.closeIdleConnections()));
    });
    server.once('listening', () => this.#servers.add(server));
    server.once('close', () => this.#servers.delete(server));
    return server;
  }

  /** Stops accepting and lets requests under way finish, within reason. */
  #close(server: Server): Promise<void> {
    return new Promise((resolve) => {
      const late = this.#options.clock.after(GRACE, () => server.closeAllConnections());
      server.close(() => {
        late.cancel();
        resolve();
      });
    });
  }

  #onTokensChanged(): void {
    this.#streams?.recheck();
    this.#rebinding = this.#rebinding.then(() => this.#rebind());
  }

  /** Moves the TCP listener to where it should be now. Requests under way on the old one are finished. */
  async #rebind(): Promise<void> {
    const app = this.#app;
    const before = addressOf(this.#tcp);
    const host = this.#wantedHost();
    if (app === undefined || before === undefined || before.address === host) return;
    try {
      const next = await this.#createTcpServer(app.routing);
      // The port cannot be had twice: between these two lines nobody is served, and nothing is awaited.
      this.#tcp?.close();
      this.#tcp = await this.#listen(next, host, before.port);
      this.#options.journal.record({
        severity: 'info',
        kind: 'http.rebound',
        subject: 'service/http',
        message: this.#options.tokens.required
          ? `The API is served on ${host}:${before.port} now: a token exists`
          : `The API is served on ${host}:${before.port} only: the last token was revoked`,
      });
    } catch (error) {
      this.#tcp = await this.#bind(app, LOOPBACK, before.port).catch(() => undefined);
      const rest = this.#tcp === undefined ? 'only the Unix socket is served' : 'it stays on loopback';
      this.#options.journal.record({
        severity: 'error',
        kind: 'http.rebindFailed',
        subject: 'service/http',
        message: `The API cannot be served on ${host}:${before.port} (${messageOf(error)}); ${rest}`,
      });
    }
  }
}

/** Answers what is not HTTP, too large or too slow, as far as it can still be answered. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy(error);
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

function addressOf(server: Server | undefined): AddressInfo | undefined {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address : undefined;
}

/** The hosts that a bound address answers for. */
function hostsOf(address: string): string[] {
  if (address !== '0.0.0.0' && address !== '::') return [address];
  const own = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map((entry) => entry.address);
  return [LOOPBACK, ...own];
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
