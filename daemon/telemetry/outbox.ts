// What waits to be sent on one connection. Retained messages coalesce by topic, the latest wins, so a storm of
// changes costs one message a topic; streams (observations, events) are a bounded queue that sheds its oldest.

export interface Outgoing {
  topic: string;
  payload: string | Uint8Array;
  retain: boolean;
  /** Called once the broker has it. */
  sent?: () => void;
}

export interface OutboxOptions {
  /** Hands one message to the broker; resolves once it has it, rejects when the connection ended. */
  send: (message: Outgoing) => Promise<void>;
  /** Messages on the way at once. */
  maxInFlight?: number;
  /** Stream messages that may wait. */
  maxStream?: number;
}

export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #retained = new Map<string, Outgoing>();
  readonly #stream = new Map<string, Outgoing>();
  readonly #waiters: (() => void)[] = [];
  #inFlight = 0;
  #closed = false;
  /** Stream messages given up because the broker was too slow. */
  shed = 0;

  constructor(options: OutboxOptions) {
    this.#options = { maxInFlight: 16, maxStream: 256, ...options };
  }

  /** Sends a retained message; one that still waits for the same topic is replaced. */
  put(message: Outgoing): void {
    if (this.#closed) return;
    this.#retained.set(message.topic, message);
    this.#pump();
  }

  /** Sends a message of a stream; one that still waits under the same `key` is replaced. */
  append(key: string, message: Outgoing): void {
    if (this.#closed) return;
    this.#stream.set(key, message);
    if (this.#stream.size > this.#options.maxStream) {
      const oldest = this.#stream.keys().next();
      if (!oldest.done) this.#stream.delete(oldest.value);
      this.shed++;
    }
    this.#pump();
  }

  /** Resolves when nothing waits and nothing is on the way, or on close. */
  idle(): Promise<void> {
    if (this.#closed || (this.#inFlight === 0 && this.#retained.size + this.#stream.size === 0))
      return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Forgets what waits; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#retained.clear();
    this.#stream.clear();
    this.#wake();
  }

  #pump(): void {
    while (!this.#closed && this.#inFlight < this.#options.maxInFlight) {
      const message = takeFirst(this.#retained) ?? takeFirst(this.#stream);
      if (message === undefined) break;
      this.#inFlight++;
      this.#options.send(message).then(
        () => this.#settled(message, true),
        () => this.#settled(message, false),
      );
    }
  }

  #settled(message: Outgoing, delivered: boolean): void {
    this.#inFlight--;
    // A message that failed is not tried again here: the next connection publishes everything anew.
    if (delivered && !this.#closed) message.sent?.();
    this.#pump();
    if (this.#inFlight === 0 && this.#retained.size + this.#stream.size === 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

function takeFirst<T>(queue: Map<string, T>): T | undefined {
  const first = queue.entries().next();
  if (first.done) return undefined;
  queue.delete(first.value[0]);
  return first.value[1];
}
