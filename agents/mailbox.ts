// A bounded queue of messages: memory stays flat whatever the senders do, and what is lost is counted.

/** What gives way when the mailbox is full: the oldest message (news) or the new one (requests). */
export type WhenFull = 'drop-oldest' | 'refuse';

export class Mailbox<Message> {
  readonly most: number;
  readonly #whenFull: WhenFull;
  readonly #queue: Message[] = [];
  #dropped = 0;

  constructor(options: { most: number; whenFull: WhenFull }) {
    this.most = options.most;
    this.#whenFull = options.whenFull;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Messages lost so far because the mailbox was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False when the message was refused. */
  offer(message: Message): boolean {
    if (this.#queue.length >= this.most) {
      this.#dropped++;
      if (this.#whenFull === 'refuse') return false;
      this.#queue.shift();
    }
    this.#queue.push(message);
    return true;
  }

  take(): Message | undefined {
    return this.#queue.shift();
  }
}
