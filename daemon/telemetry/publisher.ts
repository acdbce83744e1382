// Telemetry by MQTT as a service of the node. A lost broker is a normal state: the node runs on, the service says
// why, and everything is published anew once a broker is there again. docs/mqtt.md is the reference of the topics.

import type { MqttClient } from 'mqtt';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { MqttActions, View } from '../view/view.ts';
import { Commands } from './commands.ts';
import type { MqttConfig } from './config.ts';
import { type Broker, Connection, type Hello, parseBroker } from './connection.ts';
import { Discoveries } from './home-assistant/discoveries.ts';
import { Ledger, type TopicMemory } from './ledger.ts';
import { Session } from './session.ts';
import { Topics, topicLevel } from './topics.ts';

export interface MqttTelemetryOptions {
  config: MqttConfig;
  view: View;
  actions: MqttActions;
  journal: Journal;
  logger: Logger;
  clock: Clock;
  random: Random;
  /** Remembers over restarts what brokers hold, so that it can be cleared. */
  memory: TopicMemory;
  /** Address of the embedded broker, asked when `config.url` is not set. */
  embeddedUrl: () => string | undefined;
  /** The labels a camera is configured to report; empty for all. */
  labelsOf: (camera: string) => readonly string[];
  /** After the first connection: why there is none now, or undefined when there is one again. */
  onState: (cause: string | undefined) => void;
}

/** Name of the embedded broker in the ledger, whatever its port. */
const EMBEDDED = 'embedded';

/** Between messages of what is only measured. */
const SECONDS_AT_REST = 300;

/** What a start made. */
interface Running {
  connection: Connection;
  ledger: Ledger;
  unfollow: () => void;
  networkId: string;
  topics: Topics;
  /** Those that the last will of the present connection belongs to. */
  willTopics: Topics;
}

export class MqttTelemetry implements Service {
  readonly name = 'mqtt';
  readonly #options: MqttTelemetryOptions;
  readonly #commands: Commands;
  #running: Running | undefined;
  #session: Session | undefined;
  /** Whether `start` has resolved; from then on `onState` tells of each loss and return. */
  #started = false;
  #stateInterval: number;
  #isResting = false;

  constructor(options: MqttTelemetryOptions) {
    this.#options = options;
    this.#commands = new Commands(options);
    this.#stateInterval = options.config.stateInterval;
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Takes a changed `mqtt.stateInterval` (seconds) without a new connection. */
  setStateInterval(seconds: number): void {
    this.#stateInterval = seconds;
    this.#session?.setStateInterval(this.#pace);
  }

  /** Measurements are told more rarely while the board rests; what changes is told as ever. */
  rest(isResting: boolean): void {
    this.#isResting = isResting;
    this.#session?.setStateInterval(this.#pace);
  }

  get #pace(): number {
    return this.#isResting ? Math.max(this.#stateInterval, SECONDS_AT_REST) : this.#stateInterval;
  }

  /** Connects anew at once. Rejects when no broker answers. @param next to the next one of the list, where there are several */
  async reconnect({ next }: { next: boolean }): Promise<void> {
    const running = this.#running;
    if (running === undefined) throw new ParlmeshError('MQTT_STOPPED', 'MQTT is not running');
    this.#session?.abandon();
    this.#session = undefined;
    await running.connection.reconnect({ next });
  }

  /** Resolves once connected. Rejects when no broker can be reached, and may then be called again. */
  async start(signal: AbortSignal): Promise<void> {
    const { config, clock, random, logger, memory, view } = this.#options;
    const brokers = this.#brokers();
    const { id, network } = view.node();
    const topics = new Topics(config.baseTopic, network.id, id);
    const running: Running = {
      connection: new Connection({
        brokers,
        hello: () => this.#hello(running),
        clock,
        random,
        logger,
        onUp: (client, broker) => this.#up(running, client, broker),
        onDown: (cause) => this.#down(cause),
      }),
      ledger: new Ledger(memory, config.url === undefined ? [EMBEDDED] : brokers().map(({ name }) => name)),
      unfollow: view.follow((change) => {
        if (change.topic === 'node') this.#followNetwork(running);
      }),
      networkId: network.id,
      topics,
      willTopics: topics,
    };
    this.#running = running;
    try {
      await running.connection.open(signal);
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    this.#started = true;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#started = false;
    if (running === undefined) return;
    running.unfollow();
    const session = this.#session;
    this.#session = undefined;
    await session?.finish();
    await running.connection.close();
    running.ledger.save();
  }

  #brokers(): () => Broker[] {
    const { config, embeddedUrl } = this.#options;
    if (config.url !== undefined) {
      const brokers = (typeof config.url === 'string' ? [config.url] : config.url).map(parseBroker);
      return () => brokers;
    }
    if (!config.embedded.enabled) {
      throw new ParlmeshError('MQTT_NO_BROKER', 'neither mqtt.url nor mqtt.embedded.enabled is set', {
        hint: 'set one of them, or mqtt.enabled to false',
      });
    }
    return () => {
      const url = embeddedUrl();
      return url === undefined ? [] : [{ name: EMBEDDED, url }];
    };
  }

  #hello(running: Running): Hello {
    const { config, view } = this.#options;
    running.willTopics = running.topics;
    return {
      clientId: `parlmesh-${topicLevel(view.node().id)}`,
      username: config.username,
      password: config.password,
      will: { topic: running.topics.availability, payload: Buffer.from('offline'), qos: 1, retain: true },
    };
  }

  #up(running: Running, client: MqttClient, broker: Broker): void {
    const { config, view, clock, random, logger, labelsOf, onState } = this.#options;
    const { topics, ledger } = running;
    if (running.willTopics !== topics) {
      // The network changed while this connection was being made.
      void running.connection.reopen();
      return;
    }
    logger.info({ broker: broker.name }, 'MQTT connected');
    this.#session = new Session({
      client,
      broker: broker.name,
      config: { ...config, stateInterval: this.#pace },
      view,
      topics,
      discoveries: new Discoveries({ config, view, topics, labelsOf, logger }),
      ledger,
      commands: this.#commands,
      clock,
      random,
      logger,
    });
    this.#session.begin();
    if (this.#started) onState(undefined);
  }

  #down(cause: string): void {
    this.#session?.abandon();
    this.#session = undefined;
    this.#options.onState(cause);
  }

  /** The network is part of every topic and of the last will: a new one needs a new connection. */
  #followNetwork(running: Running): void {
    const { config, view } = this.#options;
    const { id, network } = view.node();
    if (network.id === running.networkId) return;
    running.networkId = network.id;
    running.topics = new Topics(config.baseTopic, network.id, id);
    this.#session?.abandon();
    this.#session = undefined;
    void running.connection.reopen();
  }
}
