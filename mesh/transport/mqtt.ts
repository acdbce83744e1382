// Gossip over an MQTT broker, for boards that reach only a broker. `parlmesh/<network>/gossip/<topic>/<origin>`.

import mqtt, { type MqttClient } from 'mqtt';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { MAX_FRAME_BYTES, noTraffic, type Traffic, type Transport, type TransportEvents } from './transport.ts';

export interface MqttTransportOptions {
  /** `mqtt://host:1883`, `mqtts://…`, `ws://…`; each is tried in turn, beginning with the first. */
  urls: readonly string[];
  username?: string;
  password?: string;
  networkId: string;
  /** This node: the broker must not hold two sessions of one client. */
  nodeId: NodeId;
  clock: Clock;
  random: Random;
}

/** Frames that wait for the broker at most; gossip is repeated anyway. */
const MOST_IN_FLIGHT = 256;
/** Seconds between two pings. A broker that answers none in one and a half times that is dead, or hangs. */
const KEEPALIVE = 4;
/** In which a broker must have accepted us: one that hangs takes the connection and says nothing. */
const CONNECT_TIMEOUT: Millis = 4000;
/** Until the next broker is tried, half of it at random, so that the clients of a dead broker do not all come at once. */
const NEXT_BROKER: Millis = 250;
/** When all have been tried: doubled each turn. */
const LONGEST_WAIT: Millis = 15_000;

export class MqttTransport implements Transport {
  readonly kind = 'mqtt';
  readonly #options: MqttTransportOptions;
  #client: MqttClient | undefined;
  #retry: Timer | undefined;
  #traffic = noTraffic();
  #inFlight = 0;
  /** Tries in a row that reached no broker. */
  #failures = 0;

  constructor(options: MqttTransportOptions) {
    this.#options = options;
  }

  async start(events: TransportEvents, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#connect(events, 0);
  }

  #connect(events: TransportEvents, turn: number): void {
    const { urls, username, password, networkId, nodeId } = this.#options;
    const url = urls[turn % urls.length];
    if (url === undefined) return;
    const tree = `parlmesh/${networkId}/gossip/`;
    const client = mqtt.connect(url, {
      clientId: `parlmesh-mesh-${nodeId.slice(-16)}`,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      clean: true,
      // Each try may be at another broker: the client's own would all be at this one.
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT,
      keepalive: KEEPALIVE,
      // Else every frame that is said puts the ping off, and a broker that hangs is never found out.
      reschedulePings: false,
      queueQoSZero: false,
      // 65,536 prepared buffers, 8 MB, for numbers that are written now and then.
      writeCache: false,
      resubscribe: false,
    });
    this.#client = client;
    let problem = 'the broker closed the connection';
    client.on('connect', () => {
      client.subscribe(`${tree}+/+`, { qos: 0 }, (error) => {
        if (error !== null && error !== undefined) {
          problem = messageOf(error);
          client.end(true);
          return;
        }
        this.#failures = 0;
        events.ready();
      });
    });
    client.on('error', (error) => {
      problem = messageOf(error);
    });
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#inFlight = 0;
      client.end(true);
      events.lost(`${shown(url)}: ${problem}`);
      this.#retry = this.#options.clock.after(this.#wait(), () => this.#connect(events, turn + 1));
    });
    client.on('message', (topic, payload) => {
      if (!topic.startsWith(tree)) return;
      this.#traffic.receivedMessages++;
      this.#traffic.receivedBytes += payload.length;
      events.frame(payload);
    });
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#retry?.cancel();
    await client?.endAsync(!client.connected);
    client?.removeAllListeners();
  }

  broadcast(frame: Uint8Array, topic: string, origin: NodeId): void {
    const client = this.#client;
    if (client === undefined || !client.connected) return;
    if (frame.length > MAX_FRAME_BYTES || this.#inFlight >= MOST_IN_FLIGHT) return;
    this.#inFlight++;
    this.#traffic.sentMessages++;
    this.#traffic.sentBytes += frame.length;
    client.publish(
      // Brokers built on NATS refuse points; what counts is inside of the frame.
      `parlmesh/${this.#options.networkId}/gossip/${topic.replaceAll('.', '~')}/${origin}`,
      Buffer.from(frame),
      { qos: 0 },
      () => {
        if (this.#inFlight > 0) this.#inFlight--;
      },
    );
  }

  traffic(): Traffic {
    return { ...this.#traffic };
  }

  #wait(): Millis {
    const { urls, random } = this.#options;
    const turns = Math.floor(this.#failures++ / urls.length);
    return Math.min(LONGEST_WAIT, NEXT_BROKER * 2 ** turns) * (0.5 + random.next() / 2);
  }
}

/** Without the password that a URL may hold. */
const shown = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');
