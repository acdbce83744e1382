// The broker that runs inside the node when no external one is configured: Aedes on loopback, everything in it
// bounded. It keeps its messages in memory: what is retained is published again by whoever owns it.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, isIPv4, isIPv6, type Server, type Socket } from 'node:net';
import { Duplex, pipeline } from 'node:stream';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { MqttConfig } from './config.ts';
import { PacketLimit } from './packet-limit.ts';

/** The port everybody expects a broker on; when somebody else has it, any free one will do. */
const STANDARD_PORT = 1883;
const BAD_USER_OR_PASSWORD = 4;

export interface BrokerLimits {
  /** Connections at once, authenticated or not. */
  maxClients: number;
  /** Largest packet taken. Above the largest picture that the node publishes. */
  maxPacketBytes: number;
  /** Retained topics kept; further ones are delivered but not kept. */
  maxRetained: number;
  maxRetainedBytes: number;
  /** Milliseconds from the connection to its CONNECT packet. */
  connectTimeout: number;
}

const DEFAULT_LIMITS: BrokerLimits = {
  maxClients: 64,
  maxPacketBytes: 1_000_000,
  maxRetained: 5_000,
  maxRetainedBytes: 32_000_000,
  connectTimeout: 10_000,
};

export interface BrokerOptions {
  config: MqttConfig;
  logger: Logger;
  limits?: Partial<BrokerLimits>;
}

export class EmbeddedBroker implements Service {
  readonly name = 'broker';
  readonly #config: MqttConfig;
  readonly #logger: Logger;
  readonly #limits: BrokerLimits;
  readonly #sockets = new Set<Socket>();
  /** Bytes of each retained topic. */
  readonly #retained = new Map<string, number>();
  #retainedBytes = 0;
  #running: { aedes: Aedes; server: Server } | undefined;
  #isHeld = false;

  constructor(options: BrokerOptions) {
    this.#config = options.config;
    this.#logger = options.logger;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Where clients on this machine reach it, e.g. `mqtt://127.0.0.1:1883`; undefined while it does not run. */
  get url(): string | undefined {
    const address = this.#running?.server.address();
    if (address === null || address === undefined || typeof address === 'string') return undefined;
    const host = isAnyAddress(address.address) ? '127.0.0.1' : address.address;
    return `mqtt://${isIPv6(host) ? `[${host}]` : host}:${address.port}`;
  }

  /** Does nothing when an external broker is configured. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#config.url !== undefined || !this.#config.embedded.enabled) return;
    const { host, port } = this.#config.embedded;
    if (!isLoopback(host) && (!this.#config.username || !this.#config.password)) {
      throw new ParlmeshError(
        'MQTT_BROKER_OPEN',
        `mqtt.embedded.host is "${host}", which others can reach, without a password`,
        {
          hint: 'set mqtt.username and mqtt.password, or listen on 127.0.0.1',
        },
      );
    }
    const aedes = await this.#createBroker();
    try {
      signal.throwIfAborted();
      const server = await this.#listen(aedes, host, port);
      this.#running = { aedes, server };
    } catch (thrown) {
      await closeBroker(aedes);
      throw thrown;
    }
    this.#logger.info({ url: this.url }, 'embedded broker listens');
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#isHeld = false;
    if (running === undefined) return;
    const closed = new Promise<void>((resolve) => running.server.close(() => resolve()));
    await closeBroker(running.aedes);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#retained.clear();
    this.#retainedBytes = 0;
  }

  /**
   * Has it read nothing any more from whoever is connected or connects, as a process that hangs; or go on. For trying out what
   * follows: only chaos does that.
   */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    for (const socket of this.#sockets) {
      if (isHeld) socket.pause();
      else socket.resume();
    }
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  async #createBroker(): Promise<Aedes> {
    const aedes = await Aedes.createBroker({
      connectTimeout: this.#limits.connectTimeout,
      // A session without a connection would queue without bound, and nothing survives a restart anyway.
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        done(null, true);
      },
      authenticate: (_client, username, password, done) => {
        if (this.#admits(username, password)) done(null, true);
        else {
          const error: AuthenticateError = Object.assign(new Error('bad user name or password'), {
            returnCode: BAD_USER_OR_PASSWORD,
          });
          done(error, null);
        }
      },
      authorizePublish: (_client, packet, done) => {
        if (packet.topic.startsWith('$SYS/')) return done(new Error('$SYS/ is reserved'));
        if (packet.retain && !this.#mayRetain(packet.topic, packet.payload.length)) packet.retain = false;
        done(null);
      },
    });
    aedes.on('clientError', (client: Client, error: Error) => {
      this.#logger.debug({ client: client.id, cause: error.message }, 'broker dropped a client');
    });
    aedes.on('connectionError', (_client: Client, error: Error) => {
      this.#logger.debug({ cause: error.message }, 'broker dropped a connection');
    });
    return aedes;
  }

  async #listen(aedes: Aedes, host: string, port: number): Promise<Server> {
    const server = createServer((socket) => this.#accept(aedes, socket));
    try {
      await listening(server, host, port);
    } catch (thrown) {
      const taken = thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE';
      if (!taken || port !== STANDARD_PORT) {
        throw new ParlmeshError(
          'MQTT_BROKER_LISTEN',
          `the broker cannot listen on ${host}:${port}: ${messageOf(thrown)}`,
          {
            cause: thrown,
            hint: 'set mqtt.embedded.port, or mqtt.url to use the broker that is there',
          },
        );
      }
      await listening(server, host, 0);
      this.#logger.warn({ taken: port }, 'the standard MQTT port is taken; the embedded broker uses a free one');
    }
    server.on('error', (error) => this.#logger.warn({ cause: error.message }, 'broker socket failed'));
    return server;
  }

  #accept(aedes: Aedes, socket: Socket): void {
    socket.on('error', () => {}); // told through the pipeline below
    if (this.#sockets.size >= this.#limits.maxClients) {
      this.#logger.warn(
        { from: socket.remoteAddress, clients: this.#sockets.size },
        'broker is full; connection refused',
      );
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const limit = new PacketLimit(this.#limits.maxPacketBytes);
    pipeline(socket, limit, (error) => {
      if (error) socket.destroy();
    });
    aedes.handle(Duplex.from({ readable: limit, writable: socket }));
    if (this.#isHeld) socket.pause();
  }

  #admits(username: string | undefined, password: Buffer | undefined): boolean {
    if (!this.#config.username && !this.#config.password) return true;
    return (
      sameSecret(this.#config.username ?? '', username ?? '') && sameSecret(this.#config.password ?? '', password ?? '')
    );
  }

  /** Keeps count of what is retained; false when this message must not be. */
  #mayRetain(topic: string, bytes: number): boolean {
    const before = this.#retained.get(topic);
    if (bytes === 0) {
      this.#retained.delete(topic);
      this.#retainedBytes -= before ?? 0;
      return true;
    }
    const after = this.#retainedBytes - (before ?? 0) + bytes;
    const full = before === undefined && this.#retained.size >= this.#limits.maxRetained;
    if (full || after > this.#limits.maxRetainedBytes) {
      this.#logger.warn({ topic, retained: this.#retained.size }, 'broker keeps no further retained messages');
      return false;
    }
    this.#retained.set(topic, bytes);
    this.#retainedBytes = after;
    return true;
  }
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function sameSecret(expected: string, given: string | Buffer): boolean {
  const digest = (secret: string | Buffer): Buffer => createHash('sha256').update(secret).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closeBroker(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}
