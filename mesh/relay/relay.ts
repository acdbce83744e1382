// What other rooms use to reach any node over as many hops as it takes: messages, questions with answers, and streams,
// by name of a service; and the trace of a way.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import {
  type RelayDatagram,
  RelayDatagramSchema,
  type RelayFrame,
  type RelayMessage,
  type RelayNotice,
} from '../wire/generated/parlmesh_pb.ts';
import { Forwarder, type ForwarderCounts, type ForwarderParts } from './forwarder.ts';
import { type FrameBody, MAX_PAYLOAD_BYTES, makeFrame, type Way } from './frame.ts';
import type { RelayStream } from './relay-stream.ts';
import { RouteWait } from './route-wait.ts';
import { Sessions, type SessionsParts } from './sessions.ts';
import { Streams } from './streams.ts';
import { type TraceHop, Tracer } from './tracer.ts';

/** What a peer wants of a service here. */
export interface RelayAction {
  kind: 'message' | 'stream';
  service: string;
  origin: NodeId;
  /** What a stream is opened with, e.g. where it is to lead. */
  header: string;
}

export interface RelayHandler {
  /** What it returns is the reply to a question. */
  message?: (origin: NodeId, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array | undefined;
  /** The stream is open to its opener once this resolves; a rejection refuses it, with the message. */
  stream?: (stream: RelayStream, header: string) => Promise<void>;
}

export type Priority = 'control' | 'bulk';

export interface RelayParts
  extends Omit<ForwarderParts, 'deliver' | 'room'>,
    Pick<SessionsParts, 'key' | 'certificate' | 'members'> {
  clock: Clock;
  random: Random;
  hasRoute: (destination: NodeId) => boolean;
  /** Something to a node was not answered, or makes no headway. */
  stalled?: (destination: NodeId) => void;
  /** Asked before any handler hears of it. */
  authorize: (action: RelayAction) => boolean;
}

export interface RelayCounters extends ForwarderCounts {
  sessions: number;
  streams: number;
}

const REPLIED_WITHIN: Millis = 5000;
/** For a way to a node that a stream is opened to: longer than a network needs to heal. */
const ROUTE_PATIENCE: Millis = 2000;
/** Questions of this node that wait for their answer at the same time. */
const MOST_WAITING = 4096;
const NAME_LENGTH = 64;

interface Waiting {
  peer: NodeId;
  settle: (reply: Uint8Array | ParlmeshError) => void;
}

export class Relay {
  readonly #parts: RelayParts;
  readonly #forwarder: Forwarder;
  readonly #sessions: Sessions;
  readonly #streams: Streams;
  readonly #routeWait: RouteWait;
  readonly #handlers = new Map<string, RelayHandler>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #tracer: Tracer;
  #number: number;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#number = parts.random.below(2 ** 31);
    this.#routeWait = new RouteWait(parts);
    this.#forwarder = new Forwarder({
      ...parts,
      deliver: (frame) => this.#deliver(frame),
      room: () => this.#streams.resume(),
    });
    const drop = this.#forwarder.drop.bind(this.#forwarder);
    this.#sessions = new Sessions({
      ...parts,
      drop,
      send: (to, body, way) => this.#sendFrame(to, body, 'control', way),
    });
    this.#streams = new Streams(
      {
        ...parts,
        drop,
        send: (peer, value) =>
          this.#sendSealed(peer, { case: 'segment', value }, value.data.length > 0 ? 'bulk' : 'control'),
        opened: (stream, service, header) => this.#opened(stream, service, Buffer.from(header).toString('utf8')),
      },
      parts.random.below(2 ** 31),
    );
    this.#tracer = new Tracer({
      clock: parts.clock,
      nextNumber: () => this.#nextNumber(),
      send: (to, body, ttl) => void this.#sendFrame(to, body, 'control', ttl === undefined ? {} : { ttl }),
    });
    this.handle('ping', { message: (_origin, payload) => payload });
  }

  start(): void {
    this.#sessions.start();
    this.#streams.start();
  }

  stop(): void {
    this.#routeWait.stop();
    this.#streams.stop();
    this.#sessions.stop();
    for (const { settle } of [...this.#waiting.values()]) {
      settle(new ParlmeshError('RELAY_STOPPED', 'This node leaves the network'));
    }
  }

  /** One handler a service; a further one replaces it. */
  handle(service: string, handler: RelayHandler): void {
    this.#handlers.set(service, handler);
  }

  /** Sends without an answer; it may be lost on the way. False when there was no room for it now. */
  async send(
    destination: NodeId,
    service: string,
    payload: Uint8Array,
    { priority = 'bulk' }: { priority?: Priority } = {},
  ): Promise<boolean> {
    await this.#reach(destination);
    return this.#sendSealed(destination, { case: 'message', value: messageTo(service, payload, 0) }, priority);
  }

  /** Asks; rejects with `RELAY_REFUSED`, `RELAY_UNANSWERED` after `deadline`, `RELAY_NO_ROUTE`, `RELAY_FULL`. */
  async request(
    destination: NodeId,
    service: string,
    payload: Uint8Array,
    { priority = 'control', deadline = REPLIED_WITHIN }: { priority?: Priority; deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    await this.#reach(destination);
    return this.#ask(destination, messageTo(service, payload, this.#nextNumber()), { priority, deadline });
  }

  /** Whether the last node of `path` answers along it, there and back the same way, within `deadline`. */
  async probe(path: readonly NodeId[], deadline: Millis): Promise<boolean> {
    const destination = path.at(-1) ?? '';
    const way = { path, back: [...path.slice(0, -1).reverse(), this.#parts.self] };
    try {
      const late = delay(this.#parts.clock, deadline).then(() => Promise.reject(new Error('no session in time')));
      await Promise.race([this.#sessions.ensure(destination, way), late]);
      const message = messageTo('ping', new Uint8Array(8), this.#nextNumber());
      await this.#ask(destination, message, { priority: 'control', deadline, way });
      return true;
    } catch {
      return false;
    }
  }

  #ask(
    destination: NodeId,
    message: RelayMessage,
    { priority, deadline, way }: { priority: Priority; deadline: Millis; way?: Way },
  ): Promise<Uint8Array> {
    if (this.#waiting.size >= MOST_WAITING) throw full(destination);
    return new Promise((resolve, reject) => {
      const settle = (reply: Uint8Array | ParlmeshError): void => {
        timer.cancel();
        this.#waiting.delete(message.number);
        if (reply instanceof ParlmeshError) reject(reply);
        else resolve(reply);
      };
      const timer = this.#parts.clock.after(deadline, () => {
        if (way === undefined) this.#parts.stalled?.(destination);
        settle(new ParlmeshError('RELAY_UNANSWERED', `${destination} did not answer within ${deadline} ms`));
      });
      this.#waiting.set(message.number, { peer: destination, settle });
      if (!this.#sendSealed(destination, { case: 'message', value: message }, priority, way)) settle(full(destination));
    });
  }

  /**
   * A reliable, ordered byte stream to a service of any node. Rejects when it is refused or not reached; where there is no
   * way now, after it waited a moment for one.
   */
  async openStream(destination: NodeId, service: string, header = ''): Promise<RelayStream> {
    await this.#routeWait.until(destination, ROUTE_PATIENCE);
    await this.#reach(destination);
    return this.#streams.open(destination, service, Buffer.from(header));
  }

  /** Milliseconds to a node and back, there and here by the main loops. */
  async ping(destination: NodeId, deadline: Millis = REPLIED_WITHIN): Promise<Millis> {
    await this.#reach(destination);
    const sentAt = this.#parts.clock.now();
    await this.request(destination, 'ping', new Uint8Array(8), { deadline });
    return this.#parts.clock.now() - sentAt;
  }

  /** The nodes on the way as they name themselves, hop by hop; ends early where one does not answer. */
  async trace(destination: NodeId): Promise<{ hops: TraceHop[]; reached: boolean }> {
    this.#requireRoute(destination);
    return this.#tracer.trace(destination);
  }

  /** What an admitted neighbour handed over. */
  hear(from: NodeId, frame: RelayFrame): void {
    this.#forwarder.receive(from, frame);
  }

  drained(neighbour: NodeId): void {
    this.#forwarder.drained(neighbour);
  }

  /** The link to a neighbour is down, or the neighbour gone: what waited for it takes another way. */
  linkDown(neighbour: NodeId): void {
    this.#forwarder.linkDown(neighbour);
  }

  /** Neighbours that frames for others went to since the last call, each with a destination of these. */
  takeUsed(): ReadonlyMap<NodeId, NodeId> {
    return this.#forwarder.takeUsed();
  }

  /** Who waited for a way may have one now. */
  routesChanged(): void {
    this.#routeWait.routesChanged();
    this.#streams.resume();
  }

  /** A member that was removed: nothing of it is opened any more. */
  expel(peer: NodeId): void {
    this.#streams.forget(peer, `${peer} was removed from the network`);
    this.#sessions.forget(peer);
  }

  counters(): RelayCounters {
    return { ...this.#forwarder.counts(), sessions: this.#sessions.count, streams: this.#streams.count };
  }

  async #reach(destination: NodeId): Promise<void> {
    this.#requireRoute(destination);
    try {
      await this.#sessions.ensure(destination);
    } catch (error) {
      this.#parts.stalled?.(destination);
      throw error;
    }
  }

  #requireRoute(destination: NodeId): void {
    if (this.#parts.hasRoute(destination)) return;
    throw new ParlmeshError('RELAY_NO_ROUTE', `There is no way to ${destination} now`, { hint: 'parlmesh routes' });
  }

  #sendFrame(
    destination: NodeId,
    body: FrameBody,
    priority: Priority,
    more: Partial<Way> & { ttl?: number } = {},
  ): boolean {
    const head = { origin: this.#parts.self, destination, control: priority === 'control', ...more };
    return this.#forwarder.send(makeFrame(head, body));
  }

  #sendSealed(destination: NodeId, kind: RelayDatagram['kind'], priority: Priority, way?: Partial<Way>): boolean {
    const plain = toBinary(RelayDatagramSchema, create(RelayDatagramSchema, { kind }));
    const value = this.#sessions.seal(destination, plain);
    return value !== undefined && this.#sendFrame(destination, { case: 'sealed', value }, priority, way);
  }

  #deliver({ origin, body, back }: RelayFrame): void {
    switch (body.case) {
      case 'greeting':
        return void this.#sessions.greeting(origin, body.value, back);
      case 'trace':
        return void this.#tracer.answer(origin, body.value.number);
      case 'notice':
        return void this.#onNotice(origin, body.value);
      case 'sealed': {
        const plain = this.#sessions.open(origin, body.value);
        if (plain !== undefined) this.#onDatagram(origin, plain, back);
        return;
      }
      default:
        return void this.#forwarder.drop('malformed');
    }
  }

  #onDatagram(origin: NodeId, plain: Uint8Array, back: readonly NodeId[]): void {
    let datagram: RelayDatagram;
    try {
      datagram = fromBinary(RelayDatagramSchema, plain);
    } catch {
      return void this.#forwarder.drop('malformed');
    }
    const { kind } = datagram;
    if (kind.case === 'segment') this.#streams.hear(origin, kind.value);
    else if (kind.case === 'message') void this.#onMessage(origin, kind.value, back);
    else if (kind.case === 'reply') {
      const { number, payload, error } = kind.value;
      const waiting = this.#waiting.get(number);
      if (waiting?.peer !== origin) return;
      waiting.settle(error === '' ? payload : new ParlmeshError('RELAY_REFUSED', `${origin} answers: ${error}`));
    }
  }

  async #onMessage(origin: NodeId, { service, number, payload }: RelayMessage, back: readonly NodeId[]): Promise<void> {
    let reply = new Uint8Array(0);
    let error = '';
    try {
      const { message } = this.#handlerOf({ kind: 'message', service, origin, header: '' });
      if (message === undefined) throw new Error('this service takes no messages');
      const returned = await message(origin, payload);
      if (returned !== undefined) reply = Uint8Array.from(returned);
    } catch (thrown) {
      error = messageOf(thrown).slice(0, 500);
    }
    if (number === 0) return;
    const value = { $typeName: 'parlmesh.v1.RelayReply' as const, number, payload: reply, error };
    this.#sendSealed(origin, { case: 'reply', value }, 'control', { path: back });
  }

  async #opened(stream: RelayStream, service: string, header: string): Promise<void> {
    const handler = this.#handlerOf({ kind: 'stream', service, origin: stream.peer, header });
    if (handler.stream === undefined) throw new Error('this service takes no streams');
    await handler.stream(stream, header);
  }

  /** Throws when the peer may not, or there is no such service. */
  #handlerOf(action: RelayAction): RelayHandler {
    const { service } = action;
    if (service.length > NAME_LENGTH || !this.#parts.authorize(action)) {
      this.#forwarder.drop('refused');
      const what = action.header === '' ? '' : ` to ${action.header.slice(0, 100)}`;
      throw new ParlmeshError('RELAY_REFUSED', `"${service.slice(0, NAME_LENGTH)}"${what} is not allowed on this node`);
    }
    const handler = this.#handlers.get(service);
    if (handler === undefined) throw new ParlmeshError('RELAY_REFUSED', `there is no service "${service}"`);
    return handler;
  }

  #onNotice(origin: NodeId, { number, kind, session }: RelayNotice): void {
    if (kind === 'no-session') this.#sessions.lost(origin, session);
    else this.#tracer.heard(origin, number, kind);
  }

  /** Never 0, which means that no reply is wanted. */
  #nextNumber(): number {
    this.#number = (this.#number + 1) >>> 0 || 1;
    return this.#number;
  }
}

function messageTo(service: string, payload: Uint8Array, number: number): RelayMessage {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new ParlmeshError(
      'RELAY_TOO_LONG',
      `A message may have ${MAX_PAYLOAD_BYTES} bytes, this one ${payload.length}`,
      {
        hint: 'Use a stream',
      },
    );
  }
  return { $typeName: 'parlmesh.v1.RelayMessage', service, number, payload };
}

const full = (peer: NodeId): ParlmeshError =>
  new ParlmeshError('RELAY_FULL', `Too much waits on the way to ${peer}`, { hint: 'Try again in a moment' });
