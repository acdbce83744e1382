// The agent of one bridge: carries the topics of another broker to this node's, one way. A lost broker is a normal state:
// it is sought again for ever, and told once.

import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';
import type { BridgeConfig } from './bridge-config.ts';
import { BridgeGuard, type BridgeVerdict } from './bridge-guard.ts';
import { type FailingState, NOT_FAILING, observeOutcome } from './failing.ts';

/** This node's broker; undefined while there is none. */
export interface OwnBroker {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
}

export interface MqttBridgeOptions {
  id: string;
  bridge: BridgeConfig;
  /** Asked before each connection, since an embedded broker's port may change. */
  own: () => OwnBroker | undefined;
  journal: Journal;
  clock: Clock;
}

export type BridgeCounters = Readonly<Record<BridgeVerdict, number>>;

const LOOK_EVERY: Millis = 2_000;
const RECONNECT_EVERY: Millis = 3_000;
/** Looks in a row at which a side is down (or up again) before that is told. */
const LOOKS = 3;
const CLOSE_WITHIN: Millis = 300;

interface Sides {
  other: MqttClient;
  own: MqttClient;
}

export class MqttBridge extends Agent {
  readonly #options: MqttBridgeOptions;
  readonly #guard: BridgeGuard;
  readonly #counters: Record<BridgeVerdict, number> = { pass: 0, 'too-fast': 0, 'too-large': 0, loop: 0 };
  #sides: Sides | undefined;
  #down: FailingState = NOT_FAILING;
  #lastCause = 'it is not connected yet';
  #toldLoop = false;

  constructor(options: MqttBridgeOptions) {
    const capabilities = [onThisNode('mqtt.bridge')];
    super({ id: options.id, kind: 'mqtt-bridge', version: '1', capabilities }, options.clock);
    this.#options = options;
    this.#guard = new BridgeGuard(options.bridge.to, options.bridge.messagesPerSecond, options.clock.now());
  }

  protected async onStart(): Promise<void> {
    this.#connect();
    this.#look();
    this.scope.every(LOOK_EVERY, () => this.#look());
  }

  protected override async onStop(): Promise<void> {
    const { clock } = this.#options;
    const closing = [this.#sides?.other, this.#sides?.own].map((client) => {
      const closed = Promise.withResolvers<void>();
      const patience = clock.after(CLOSE_WITHIN, () => closed.resolve());
      if (client === undefined) closed.resolve();
      else client.end(true, {}, () => closed.resolve());
      return closed.promise.finally(() => patience.cancel());
    });
    await Promise.all(closing);
  }

  /** A letter is answered with what went through and what did not. */
  protected override onLetter(): BridgeCounters {
    return { ...this.#counters };
  }

  #connect(): void {
    const { bridge, own } = this.#options;
    const home = own();
    if (home === undefined) {
      this.#lastCause = 'this node has no broker: mqtt is off';
      return;
    }
    const sides = { other: this.#open(bridge, 'the other broker'), own: this.#open(home, 'this node’s broker') };
    this.#sides = sides;
    sides.other.on(
      'connect',
      this.scope.guard(() => void sides.other.subscribe(`${bridge.from}#`, { qos: 1 })),
    );
    sides.other.on(
      'message',
      this.scope.guard((topic: string, payload: Buffer, { retain }: { retain: boolean }) =>
        this.#carry(sides.own, topic, payload, retain),
      ),
    );
  }

  #open({ url, username, password }: OwnBroker, which: string): MqttClient {
    const options: IClientOptions = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      reconnectPeriod: RECONNECT_EVERY,
      connectTimeout: 10_000,
      // What could not be sent is news of yesterday.
      queueQoSZero: false,
      clean: true,
    };
    const client = mqtt.connect(url, options);
    client.on('error', (error) => {
      this.#lastCause = `${which}: ${messageOf(error) || 'cannot be reached'}`;
    });
    client.on('offline', () => {
      this.#lastCause = `${which} cannot be reached`;
    });
    return client;
  }

  #carry(own: MqttClient, from: string, payload: Buffer, retain: boolean): void {
    const { bridge, clock } = this.#options;
    const topic = bridge.to + from.slice(bridge.from.length);
    const verdict = own.connected ? this.#guard.judge({ topic, payload }, clock.now()) : 'too-fast';
    this.#counters[verdict]++;
    if (verdict === 'pass') own.publish(topic, payload, { qos: 0, retain });
    if (verdict === 'loop' && !this.#toldLoop) {
      this.#toldLoop = true;
      const message = `Bridge ${bridge.name} stopped ${topic}: the same message came back again and again`;
      this.#record({ severity: 'warning', kind: 'bridge.loop', subject: `agent/${this.id}`, message });
    }
  }

  #look(): void {
    const { bridge } = this.#options;
    this.heartbeat(LOOK_EVERY);
    const home = this.#options.own();
    if (this.#sides === undefined && home !== undefined) this.#connect();
    const ok = this.#sides?.other.connected === true && this.#sides.own.connected;
    const { state, entry } = observeOutcome(
      this.#down,
      { ok, cause: this.#lastCause },
      {
        ...{ kind: 'bridge', subject: `agent/${this.id}`, what: `Bridge ${bridge.name}` },
        ...{ failures: LOOKS, recoveries: 1 },
      },
    );
    this.#down = state;
    if (entry !== undefined) this.#record(entry);
  }

  #record(entry: Parameters<Journal['record']>[0]): void {
    this.#options.journal.record(entry);
  }
}
