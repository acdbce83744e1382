// A connection to the configured brokers for questions between boards that reach nothing else. A lost broker is a normal
// state: the next one is tried, for ever.

import mqtt, { type MqttClient } from 'mqtt';
import type { BrokerPort } from '../../agents/federation/broker-way.ts';
import { backoff } from '../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';

export interface BrokerClientParts {
  urls: readonly string[];
  username?: string;
  password?: string;
  /** Of this node: part of the client's name. */
  self: string;
  /** Called with each connection. */
  onConnected: () => void;
  clock: Clock;
  random: Random;
  logger: Logger;
}

const CONNECT_WITHIN: Millis = 4_000;
const KEEPALIVE_SECONDS = 15;
const RETRY = { first: 500, most: 30_000 };
/** Messages that are handed to the socket at once; beyond it what is said is lost, and asked again. */
const MOST_IN_FLIGHT = 64;

export class BrokerClient implements Service, BrokerPort {
  readonly name = 'federation-broker';
  readonly #parts: BrokerClientParts;
  readonly #heard = new Map<string, (payload: Uint8Array) => void>();
  #client: MqttClient | undefined;
  #retry: Timer | undefined;
  #turn = 0;
  #failures = 0;
  #inFlight = 0;
  #stopped = true;

  constructor(parts: BrokerClientParts) {
    this.#parts = parts;
  }

  get isConnected(): boolean {
    return this.#client?.connected === true;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#stopped = false;
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    const client = this.#client;
    this.#client = undefined;
    await client?.endAsync(!client.connected);
    client?.removeAllListeners();
  }

  publish(topic: string, payload: Uint8Array): boolean {
    const client = this.#client;
    if (client === undefined || !client.connected || this.#inFlight >= MOST_IN_FLIGHT) return false;
    this.#inFlight++;
    client.publish(topic, Buffer.from(payload), { qos: 0 }, () => {
      this.#inFlight = Math.max(0, this.#inFlight - 1);
    });
    return true;
  }

  subscribe(topic: string, hear: (payload: Uint8Array) => void): void {
    this.#heard.set(topic, hear);
    if (this.isConnected) this.#client?.subscribe(topic, { qos: 0 });
  }

  #connect(): void {
    const { urls, username, password, self, onConnected, clock, random, logger } = this.#parts;
    const url = urls[this.#turn++ % urls.length];
    if (url === undefined || this.#stopped) return;
    const client = mqtt.connect(url, {
      clientId: `parlmesh-ask-${self.slice(-16)}`,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      clean: true,
      // Each try may be at another broker.
      reconnectPeriod: 0,
      connectTimeout: CONNECT_WITHIN,
      keepalive: KEEPALIVE_SECONDS,
      queueQoSZero: false,
      writeCache: false,
      resubscribe: false,
    });
    this.#client = client;
    let cause = 'the broker closed the connection';
    client.on('connect', () => {
      this.#failures = 0;
      this.#inFlight = 0;
      for (const topic of this.#heard.keys()) client.subscribe(topic, { qos: 0 });
      onConnected();
    });
    client.on('error', (error) => {
      cause = messageOf(error);
    });
    client.on('message', (topic, payload) => this.#heard.get(topic)?.(payload));
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end(true);
      logger.debug({ cause }, 'no broker for questions');
      if (!this.#stopped) this.#retry = clock.after(backoff(this.#failures++, RETRY, random), () => this.#connect());
    });
  }
}
