// Server-sent events: every listener gets the present state first, then each change. Nothing is queued for a slow
// listener: once its socket is full it is skipped, and when it has drained it gets the present state anew.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { CHANGE_TOPICS, type ChangeTopic, EventView } from '../view/schema.ts';
import type { Change, View } from '../view/view.ts';
import type { Caller } from './access.ts';
import { httpError } from './problem.ts';

const MOST_STREAMS = 64;
/** Most events sent again to a listener that was away. */
const MOST_MISSED = 1000;
/** Newest jobs that a listener begins with. */
const PRESENT_JOBS = 50;
const HEARTBEAT = 15_000;

interface Listener {
  readonly caller: Caller;
  readonly reply: FastifyReply;
  readonly topics: ReadonlySet<ChangeTopic>;
  /** Id of the last event it has. */
  lastEvent: number;
  /** Its socket is full; changes pass it by until it drains. */
  behind: boolean;
}

export class Streams {
  readonly #view: View;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stillAllowed: (caller: Caller) => boolean;
  readonly #listeners = new Set<Listener>();
  #unfollow: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  constructor(options: { view: View; clock: Clock; logger: Logger; stillAllowed: (caller: Caller) => boolean }) {
    this.#logger = options.logger;
    this.#view = options.view;
    this.#clock = options.clock;
    this.#stillAllowed = options.stillAllowed;
  }

  /** Answers a request with a stream. `after` is the id of the last event that the client has. */
  open(
    request: FastifyRequest,
    reply: FastifyReply,
    options: { topics: ReadonlySet<ChangeTopic>; after: number | undefined },
  ): void {
    if (this.#listeners.size >= MOST_STREAMS) {
      throw httpError('HTTP_STREAM_FULL', `${MOST_STREAMS} listeners are served already`, 'Close one of them');
    }
    const lastEvent = options.after ?? this.#view.events({ limit: 1 })[0]?.id ?? 0;
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const listener: Listener = { caller: request.caller, reply, topics: options.topics, lastEvent, behind: false };
    this.#listeners.add(listener);
    reply.raw.on('close', () => this.#remove(listener));
    reply.raw.on('drain', () => this.#catchUp(listener));
    this.#unfollow ??= this.#view.follow((change) => this.#spread(change));
    this.#heartbeat ??= this.#clock.every(HEARTBEAT, () => this.#beat());
    reply.raw.write('retry: 2000\n\n');
    this.#catchUp(listener);
  }

  /** Ends the streams of callers that lost their right. */
  recheck(): void {
    for (const listener of this.#listeners) {
      if (!this.#stillAllowed(listener.caller)) this.#end(listener);
    }
  }

  close(): void {
    for (const listener of this.#listeners) this.#end(listener);
  }

  #end(listener: Listener): void {
    this.#remove(listener);
    listener.reply.raw.end();
  }

  #beat(): void {
    this.recheck();
    for (const { behind, reply } of this.#listeners) {
      if (!behind) reply.raw.write(': alive\n\n');
    }
  }

  #spread(change: Change): void {
    let text: string | undefined;
    for (const listener of this.#listeners) {
      if (listener.behind || !listener.topics.has(change.topic)) continue;
      if (change.topic === 'event') this.#attempt(listener, () => this.#sendEvent(listener, change.value));
      else {
        text ??= frame(change.topic, change.value);
        send(listener, text);
      }
    }
  }

  #catchUp(listener: Listener): void {
    if (!this.#listeners.has(listener)) return;
    listener.behind = false;
    this.#attempt(listener, () => {
      for (const topic of CHANGE_TOPICS) {
        if (listener.topics.has(topic)) this.#sendPresent(listener, topic);
      }
    });
  }

  /** A view that cannot be read ends the stream of who asked; the client comes back by itself. */
  #attempt(listener: Listener, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#logger.warn({ err: error }, 'a stream was ended: the node could not be read');
      this.#end(listener);
    }
  }

  #sendPresent(listener: Listener, topic: ChangeTopic): void {
    switch (topic) {
      case 'event':
        this.#sendMissedEvents(listener);
        return;
      case 'observation':
        for (const { objects } of this.#view.cameras()) {
          for (const object of objects) send(listener, frame(topic, object));
        }
        return;
      case 'job':
        for (const job of this.#view.jobs({ limit: PRESENT_JOBS }).toReversed()) send(listener, frame(topic, job));
        return;
      default: {
        const value = topic === 'federation' ? this.#view.federationNow() : this.#view[topic]();
        if (value !== undefined) send(listener, frame(topic, value));
      }
    }
  }

  /** A new event, after those before it that the listener does not have. */
  #sendEvent(listener: Listener, event: unknown): void {
    if (!Value.Check(EventView, event) || event.id <= listener.lastEvent) return;
    if (event.id > listener.lastEvent + 1) this.#sendMissedEvents(listener, event.id);
    sendEvent(listener, event);
  }

  /** The events after its last one, oldest first: at most the newest thousand. */
  #sendMissedEvents(listener: Listener, before?: number): void {
    const newest = before === undefined ? (this.#view.events({ limit: 1 })[0]?.id ?? 0) : before - 1;
    const limit = Math.min(newest - listener.lastEvent, MOST_MISSED);
    if (limit <= 0) return;
    const missed = this.#view.events({ before: newest + 1, limit });
    for (const event of missed.toSorted((a, b) => a.id - b.id)) {
      if (event.id > listener.lastEvent) sendEvent(listener, event);
    }
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }
}

function send(listener: Listener, text: string): void {
  if (!listener.reply.raw.write(text)) listener.behind = true;
}

function frame(topic: ChangeTopic, value: unknown): string {
  return `event: ${topic}\ndata: ${JSON.stringify(value)}\n\n`;
}

function sendEvent(listener: Listener, event: EventView): void {
  send(listener, `id: ${event.id}\n${frame('event', event)}`);
  listener.lastEvent = event.id;
}
