// Keeps one connection to one of the brokers: each is tried in turn, a lost one is sought again for ever with
// back-off and jitter. Every connection is a fresh client with a clean session: nothing old is sent on it.

import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type BackoffOptions, backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';

export interface Broker {
  /** Names it in messages and in the ledger: host and port, never the credentials. */
  name: string;
  url: string;
}

/** How the node introduces itself. */
export type Hello = Pick<IClientOptions, 'clientId' | 'username' | 'password' | 'will'>;

export interface ConnectionOptions {
  /** Where to connect to; asked before each round, since an embedded broker's port may change. */
  brokers: () => Broker[];
  /** Credentials, client id and last will; asked before each connection. */
  hello: () => Hello;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** A connection stands. */
  onUp: (client: MqttClient, broker: Broker) => void;
  /** It is gone; another is being sought. */
  onDown: (cause: string) => void;
  /** Wait between rounds over all brokers. */
  retry?: BackoffOptions;
}

/** For one broker, and for a round over all: a service's start has 30 s. */
const CONNECT_TIMEOUT: Millis = 10_000;
const ROUND_TIMEOUT: Millis = 24_000;
/** Seconds. A broker that is silent for 1.5 times this is lost, and sends the last will after as long. */
const KEEPALIVE = 30;
const CLOSE_TIMEOUT: Millis = 1_000;

export class Connection {
  readonly #options: Required<ConnectionOptions>;
  #client: MqttClient | undefined;
  #seeking: AbortController | undefined;
  /** Ends the present search alone. */
  #search = new AbortController();
  /** Place of the broker that is tried first. */
  #first = 0;

  constructor(options: ConnectionOptions) {
    this.#options = { retry: { first: 500, most: 30_000 }, ...options };
  }

  /** Resolves with the first connection; rejects, with the cause of each broker, when none can be reached. */
  async open(signal: AbortSignal): Promise<void> {
    this.#seeking = new AbortController();
    await this.#round(AbortSignal.any([signal, this.#seeking.signal]));
  }

  /** Ends the connection in order (no last will) and makes a new one, with a new hello. Never rejects. */
  async reopen(): Promise<void> {
    const client = this.#client;
    const signal = this.#seeking?.signal;
    if (client === undefined || signal === undefined) return;
    this.#client = undefined;
    await endClient(client, this.#options.clock);
    await this.#round(signal).catch((thrown: unknown) => this.#seek(messageOf(thrown)));
  }

  /**
   * Connects anew and at once, whether there is a connection or one is being sought. Rejects when no broker answers; the search
   * then goes on.
   * @param next another broker of the list comes first from now on
   */
  async reconnect({ next }: { next: boolean }): Promise<void> {
    const signal = this.#seeking?.signal;
    if (signal === undefined) throw new ParlmeshError('MQTT_STOPPED', 'MQTT is not running');
    if (next) this.#first++;
    this.#search.abort(new ParlmeshError('MQTT_ANEW', 'the connection is made anew'));
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client, this.#options.clock);
    try {
      await this.#round(signal);
    } catch (thrown) {
      this.#seek(messageOf(thrown));
      throw thrown;
    }
  }

  /** Ends the connection in order, or the search for one. */
  async close(): Promise<void> {
    this.#seeking?.abort(new ParlmeshError('STOPPING', 'the MQTT connection is being closed'));
    this.#seeking = undefined;
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client, this.#options.clock);
  }

  async #round(signal: AbortSignal): Promise<void> {
    const causes: string[] = [];
    const listed = this.#options.brokers();
    const brokers = listed.map((_, index) => listed[(index + this.#first) % listed.length]!);
    const timeout = Math.min(CONNECT_TIMEOUT, ROUND_TIMEOUT / brokers.length);
    for (const broker of brokers) {
      signal.throwIfAborted();
      try {
        const client = await connect(broker, this.#options.hello(), timeout, signal);
        if (!signal.aborted) return this.#use(client, broker);
        client.end(true);
      } catch (thrown) {
        signal.throwIfAborted();
        causes.push(`${broker.name}: ${reason(thrown)}`);
      }
    }
    throw new ParlmeshError(
      'MQTT_UNREACHABLE',
      causes.length > 0 ? causes.join('; ') : 'there is no broker to connect to',
      {
        hint: 'check mqtt.url, mqtt.username and mqtt.password',
      },
    );
  }

  #use(client: MqttClient, broker: Broker): void {
    this.#client = client;
    let cause = 'the broker closed the connection';
    client.on('error', (error) => {
      cause = reason(error);
    });
    client.once('close', () => {
      client.end(true);
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#seek(`${broker.name}: ${cause}`);
    });
    this.#options.onUp(client, broker);
  }

  #seek(cause: string): void {
    const { onDown, logger, clock, random, retry } = this.#options;
    if (this.#seeking === undefined || this.#seeking.signal.aborted) return;
    this.#search = new AbortController();
    const signal = AbortSignal.any([this.#seeking.signal, this.#search.signal]);
    onDown(cause);
    const search = async (): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        await delay(clock, backoff(attempt, retry, random), signal);
        try {
          return await this.#round(signal);
        } catch (thrown) {
          signal.throwIfAborted();
          logger.debug({ attempt, cause: messageOf(thrown) }, 'no broker yet');
          onDown(messageOf(thrown));
        }
      }
    };
    search().catch(() => {}); // only an abort ends it
  }
}

const STANDARD_PORTS: Record<string, number> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

/** Checks a configured broker address. */
export function parseBroker(url: string): Broker {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !Object.hasOwn(STANDARD_PORTS, parsed.protocol) || parsed.hostname === '') {
    throw new ParlmeshError(
      'MQTT_URL',
      `mqtt.url: "${url.replace(/\/\/[^@/]*@/, '//•••@')}" is not the address of a broker`,
      {
        hint: 'for example mqtt://broker.lan:1883, mqtts://broker.lan:8883 or wss://broker.lan/mqtt',
      },
    );
  }
  return { name: `${parsed.hostname}:${parsed.port || STANDARD_PORTS[parsed.protocol]}`, url };
}

function connect(broker: Broker, hello: Hello, connectTimeout: Millis, signal: AbortSignal): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = mqtt.connect(broker.url, {
      ...withoutUndefined(hello),
      clean: true,
      keepalive: KEEPALIVE,
      connectTimeout,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // 65,536 prepared buffers, 8 MB, for numbers that are written now and then.
      writeCache: false,
    });
    const settle = (finish: () => void): void => {
      client.removeListener('connect', onConnect);
      client.removeListener('error', onFailure);
      client.removeListener('close', onClose);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const fail = (cause: unknown): void =>
      settle(() => {
        client.on('error', () => {}); // the rest of the teardown is of no interest
        client.end(true);
        reject(cause);
      });
    const onConnect = (): void => settle(() => resolve(client));
    const onFailure = (error: Error): void => fail(error);
    const onClose = (): void => fail(new Error('the broker closed the connection'));
    const onAbort = (): void => fail(signal.reason);
    client.on('connect', onConnect);
    client.on('error', onFailure);
    client.on('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Sends DISCONNECT and waits for the end; a broker that does not answer is cut off. */
function endClient(client: MqttClient, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(CLOSE_TIMEOUT, () => {
      client.stream.destroy();
      resolve();
    });
    client.end(false, () => {
      timer.cancel();
      resolve();
    });
  });
}

/** A connection to several addresses of one name fails with a list of errors and no message of its own. */
function reason(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return messageOf(thrown.errors[0]);
  return messageOf(thrown);
}

function withoutUndefined(options: IClientOptions): IClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
