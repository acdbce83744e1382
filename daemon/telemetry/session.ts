// One connection's work: clear what is stale, publish everything, then follow the changes. It begins with what the
// ledger says the broker may hold and knows nothing of earlier connections.

import type { MqttClient } from 'mqtt';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Change, View } from '../view/view.ts';
import { type Commands, isText } from './commands.ts';
import type { MqttConfig } from './config.ts';
import { Announcer } from './home-assistant/announcer.ts';
import type { Discoveries } from './home-assistant/discoveries.ts';
import type { JobAnswer } from './job-submissions.ts';
import type { Ledger } from './ledger.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { Pictures } from './pictures.ts';
import { isSection, SECTIONS, type Section, type StateMessage, sectionMessages } from './state.ts';
import type { Topics } from './topics.ts';

/** Changes are gathered for this long, then sent together. */
const SETTLE: Millis = 200;
/** Home Assistant asks everybody at once when it comes up; the answers are spread over this. */
const BIRTH_SPREAD: Millis = 5_000;
/** How long an orderly stop waits for a broker that has stalled. */
const FAREWELL: Millis = 1_500;

export interface SessionOptions {
  client: MqttClient;
  /** Name of the broker in the ledger. */
  broker: string;
  config: MqttConfig;
  view: View;
  topics: Topics;
  discoveries: Discoveries;
  ledger: Ledger;
  commands: Commands;
  clock: Clock;
  random: Random;
  logger: Logger;
}

interface Sent {
  message: StateMessage;
  section: Section | 'pictures';
}

export class Session {
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #pictures: Pictures;
  /** Undefined when Home Assistant discovery is off. */
  readonly #announcer: Announcer | undefined;
  /** The state as last handed to the outbox. */
  readonly #sent = new Map<string, Sent>();
  readonly #dirty = new Set<Section>();
  readonly #timers = new Set<Timer>();
  #ticker: Timer | undefined;
  #settling = false;
  /** Whether an answer to Home Assistant's birth is under way. */
  #answering = false;
  /** Events so far: each is a message of its own. */
  #events = 0;
  #unfollow: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#outbox = new Outbox({ send: (message) => publish(options.client, message) });
    this.#pictures = new Pictures({
      view: options.view,
      clock: options.clock,
      logger: options.logger,
      onPicture: (camera, picture) => this.#picture(camera, picture),
    });
    if (options.config.homeAssistant.enabled) {
      this.#announcer = new Announcer({
        discoveries: options.discoveries,
        ledger: options.ledger,
        broker: options.broker,
        put: (message) => this.#outbox.put(message),
        clear: (topic) => this.#clear(topic),
      });
    }
  }

  /** Publishes everything, then keeps it up to date until `abandon` or `finish`. */
  begin(): void {
    const { client, config, view, topics } = this.#options;
    client.on('message', (topic, payload, packet) => this.#received(topic, payload, packet.retain));
    this.#subscribe();

    this.#announcer?.refresh();
    for (const section of SECTIONS) this.#refresh(section, 'payload');
    this.#clearStale();
    // Last: whoever acts on "online" finds the rest in place.
    this.#retain(topics.availability, 'online');
    for (const { id } of view.cameras()) void this.#pictures.restore(id);

    this.#unfollow = view.follow((change) => this.#changed(change));
    this.setStateInterval(config.stateInterval);
  }

  /** @param seconds between messages of what is only measured */
  setStateInterval(seconds: number): void {
    this.#ticker?.cancel();
    this.#ticker = this.#options.clock.every(seconds * 1000, () => this.#interval());
  }

  /** The connection is gone: nothing more is sent. */
  abandon(): void {
    this.#stopFollowing();
    this.#outbox.close();
  }

  /** Says that the node stops in order, and resolves when the broker has everything. */
  async finish(): Promise<void> {
    this.#stopFollowing();
    this.#retain(this.#options.topics.availability, 'stopped');
    const patience = this.#options.clock.after(FAREWELL, () => this.#outbox.close());
    await this.#outbox.idle();
    patience.cancel();
    this.#outbox.close();
  }

  #stopFollowing(): void {
    this.#unfollow?.();
    this.#pictures.stop();
    this.#ticker?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  get #birthTopic(): string {
    return `${this.#options.config.homeAssistant.prefix}/status`;
  }

  #subscribe(): void {
    const { client, config, topics, logger } = this.#options;
    const filters = [
      ...(config.homeAssistant.enabled ? [this.#birthTopic] : []),
      ...(config.commands ? [topics.agentCommands, topics.submissions, topics.incidentAnswers] : []),
    ];
    if (filters.length === 0) return;
    client.subscribe(filters, { qos: 1 }, (error) => {
      if (error) logger.warn({ filters, cause: error.message }, 'the broker refused a subscription');
    });
  }

  #changed(change: Change): void {
    const { topics } = this.#options;
    if (change.topic === 'observation') {
      const observation = change.value;
      if (!isIdentified(observation)) return;
      const { id, camera, phase } = observation;
      this.#append(`observation/${id}/${phase}`, topics.observations, observation);
      if (phase === 'start') this.#pictures.observed(camera, id);
      return;
    }
    if (change.topic === 'event') {
      this.#append(`event/${this.#events++}`, topics.events, change.value);
      return;
    }
    if (!isSection(change.topic)) return;
    this.#dirty.add(change.topic);
    // The node's state counts its peers; that of jobs names the last one.
    if (change.topic === 'peers') this.#dirty.add('node');
    if (change.topic === 'job') this.#dirty.add('swarm');
    // Places are seen in frames; a correction that begins or ends is a change of the node's health.
    if (change.topic === 'cameras') this.#dirty.add('places');
    if (change.topic === 'node') this.#dirty.add('corrections');
    this.#settle();
  }

  #settle(): void {
    if (this.#settling || this.#dirty.size === 0) return;
    this.#settling = true;
    this.#after(SETTLE, () => {
      this.#settling = false;
      const sections = [...this.#dirty];
      this.#dirty.clear();
      this.#announcer?.refresh();
      for (const section of sections) this.#refresh(section, 'essence');
      this.#options.ledger.save();
    });
  }

  #interval(): void {
    this.#announcer?.refresh();
    for (const section of SECTIONS) this.#refresh(section, 'payload');
    this.#options.ledger.save();
  }

  /** Sends what differs in a section, and clears the topics that left it. */
  #refresh(section: Section, by: 'essence' | 'payload'): void {
    const { view, topics } = this.#options;
    const messages = sectionMessages(section, view, topics);
    const topicsNow = new Set(messages.map(({ topic }) => topic));
    if (section === 'cameras') for (const { id } of view.cameras()) topicsNow.add(topics.cameraPicture(id));
    for (const [topic, sent] of this.#sent) {
      const leaves = sent.section === section || (section === 'cameras' && sent.section === 'pictures');
      if (leaves && !topicsNow.has(topic)) this.#clear(topic);
    }
    for (const message of messages) {
      if (this.#sent.get(message.topic)?.message[by] === message[by]) continue;
      this.#sent.set(message.topic, { message, section });
      this.#retain(message.topic, message.payload);
    }
  }

  #picture(camera: string, picture: Uint8Array | undefined): void {
    const { view, topics, ledger, broker } = this.#options;
    const topic = topics.cameraPicture(camera);
    if (picture === undefined || !view.cameras().some(({ id }) => id === camera)) {
      if (ledger.has(broker, topic)) this.#clear(topic);
      return;
    }
    this.#sent.set(topic, { message: { topic, payload: picture, essence: '' }, section: 'pictures' });
    this.#retain(topic, picture);
    this.#options.ledger.save();
  }

  #retain(topic: string, payload: string | Uint8Array): void {
    const { ledger, broker } = this.#options;
    ledger.add(broker, topic);
    this.#outbox.put({ topic, payload, retain: true });
  }

  #append(key: string, topic: string, value: unknown): void {
    this.#outbox.append(key, { topic, payload: JSON.stringify(value), retain: false });
  }

  #clear(topic: string): void {
    const { ledger, broker } = this.#options;
    this.#sent.delete(topic);
    this.#outbox.put({
      topic,
      payload: '',
      retain: true,
      sent: () => {
        // It may have come back meanwhile.
        if (this.#isOurs(topic)) return;
        ledger.drop(broker, topic);
        ledger.save();
      },
    });
  }

  /** Clears what the ledger names and nothing claims any more: an old network's topics, a camera that is gone. */
  #clearStale(): void {
    const { ledger, broker, view, topics } = this.#options;
    const claimed = new Set([topics.availability, ...view.cameras().map(({ id }) => topics.cameraPicture(id))]);
    for (const topic of ledger.topics(broker)) {
      if (!this.#isOurs(topic) && !claimed.has(topic)) this.#clear(topic);
    }
    ledger.save();
  }

  #isOurs(topic: string): boolean {
    return this.#sent.has(topic) || (this.#announcer?.has(topic) ?? false);
  }

  #received(topic: string, payload: Uint8Array, retained: boolean): void {
    const { commands, topics, random } = this.#options;
    if (topic !== this.#birthTopic) {
      const answer = (reply: JobAnswer): void =>
        this.#append(`answer/${reply.id}`, topics.submissionAnswer(reply.id), reply);
      void commands.handle(topics, topic, payload, retained, answer);
      return;
    }
    // A retained birth is an old one: what it asks for is just being published.
    if (retained || this.#answering || !isText(payload, 'online')) return;
    this.#answering = true;
    this.#after(random.next() * BIRTH_SPREAD, () => {
      this.#answering = false;
      this.#republish();
    });
  }

  /** Sends all of it again, changed or not: discovery, then state. */
  #republish(): void {
    this.#interval();
    this.#announcer?.repeat();
    for (const { message } of this.#sent.values()) this.#retain(message.topic, message.payload);
    this.#retain(this.#options.topics.availability, 'online');
  }

  #after(delay: Millis, run: () => void): void {
    const timer = this.#options.clock.after(delay, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}

function isIdentified(value: unknown): value is { id: string; camera: string; phase: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'camera' in value &&
    typeof value.camera === 'string' &&
    'phase' in value &&
    typeof value.phase === 'string'
  );
}

/** Retained messages are acknowledged (QoS 1), streams are not (QoS 0). */
function publish(client: MqttClient, { topic, payload, retain }: Outgoing): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    client.publish(topic, bytes, { qos: retain ? 1 : 0, retain }, (error) => (error ? reject(error) : resolve()));
  });
}
