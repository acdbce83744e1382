// The operator's pause: it belongs to the seat, not to the node that has it. Who coordinates tells it to all; every node keeps
// the newest word that it heard, so that whoever takes the seat next goes on where the operator left it.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { AgentNetwork, NewsTopic } from '../../network.ts';
import { Term } from '../election/word.ts';
import type { FederationStorage } from '../storage.ts';
import { Paused } from './federation-view.ts';
import type { Leadership } from './ports.ts';

/** Gossip signs it as the word of the node that tells it. */
export const PauseWord = Type.Object({
  /** Left out: rounds go on. */
  paused: Type.Optional(Paused),
  /** Of the seat under which it was said. A later term goes before an earlier one, whatever clocks say. */
  term: Term,
  /** Words of that term before it. */
  change: Type.Integer({ minimum: 0, maximum: 1e9 }),
});
export type PauseWord = Static<typeof PauseWord>;

const NOTHING: PauseWord = { term: 0, change: 0 };

const TELL_EVERY: Millis = 200_000;
/** Two words may be lost. */
export const pauseTopic: NewsTopic<typeof PauseWord> = {
  name: 'federation-pause',
  kind: 'state',
  schema: PauseWord,
  lifetime: 3 * TELL_EVERY,
};

const CONTROL = 'federation-control';
/** Nodes that had the seat lately: more words than these are not kept. */
const MOST_HEARD = 32;

export interface RoundsPauseParts {
  network: Pick<AgentNetwork, 'self' | 'publish' | 'subscribe'>;
  leadership: Pick<Leadership, 'current' | 'onChange'>;
  /** Words of others count for nothing. */
  mayCoordinate(node: string): boolean;
  storage: Pick<FederationStorage, 'document' | 'putDocument'>;
  clock: Clock;
  journal: Journal;
  nameOf(node: string): string;
}

export class RoundsPause {
  readonly #parts: RoundsPauseParts;
  #word: PauseWord = NOTHING;
  #isRead = false;
  readonly #heard = new Map<string, PauseWord>();
  #timer: Timer | undefined;
  #unwatch: (() => void) | undefined;

  /** Before the network starts. */
  constructor(parts: RoundsPauseParts) {
    this.#parts = parts;
    parts.network.subscribe(pauseTopic, (node, word) => {
      if (!parts.mayCoordinate(node)) return;
      this.#heard.delete(node);
      this.#heard.set(node, word);
      if (this.#heard.size > MOST_HEARD) this.#heard.delete(this.#heard.keys().next().value!);
      this.#settle();
    });
  }

  /** Rejects when the store cannot be read: rounds that somebody paused must not begin. */
  async start(): Promise<void> {
    const { storage, leadership, clock } = this.#parts;
    const kept = readWord(await storage.document(CONTROL));
    if (isLater(kept, this.#word)) this.#word = kept;
    this.#isRead = true;
    this.#unwatch = leadership.onChange(() => this.#settle());
    this.#timer = clock.every(TELL_EVERY, () => this.#tell());
    this.#settle();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#unwatch?.();
    this.#isRead = false;
  }

  get paused(): Paused | undefined {
    return this.#word.paused;
  }

  /** For an operator, on the node with the seat: no new round begins. Resolves once that is on the disk. */
  async begin(by: string, reason: string): Promise<void> {
    await this.#say({ by, reason, at: this.#parts.clock.wall() });
    this.#record('paused', `Rounds are paused by ${by}: ${reason}`);
  }

  /** Rounds begin again. */
  async end(by: string): Promise<void> {
    await this.#say(undefined);
    this.#record('resumed', `Rounds go on, by ${by}`);
  }

  async #say(paused: Paused | undefined): Promise<void> {
    const term = Math.max(this.#word.term, this.#parts.leadership.current()?.term ?? 0);
    const change = this.#word.term === term ? this.#word.change + 1 : 0;
    const word: PauseWord = { ...(paused && { paused }), term, change };
    await this.#parts.storage.putDocument(CONTROL, JSON.stringify(word));
    this.#word = word;
    this.#tell();
  }

  /** Takes over the latest word of a term that has been: what is said of later ones waits until there is such a seat. */
  #settle(): void {
    const seat = this.#parts.leadership.current();
    if (!this.#isRead || seat === undefined) return;
    let from: string | undefined;
    for (const [node, word] of this.#heard) {
      if (word.term > seat.term || !isLater(word, this.#word)) continue;
      this.#word = word;
      from = node;
    }
    if (from !== undefined) this.#keepWordOf(from);
    this.#tell();
  }

  #keepWordOf(node: string): void {
    const { storage, nameOf } = this.#parts;
    const { paused } = this.#word;
    const what = paused === undefined ? 'Rounds go on' : `Rounds are paused by ${paused.by}: ${paused.reason}`;
    this.#record(paused === undefined ? 'resumed' : 'paused', `${what} (told by ${nameOf(node)})`);
    storage.putDocument(CONTROL, JSON.stringify(this.#word)).catch((thrown: unknown) => {
      this.#record('pause-not-kept', `That is not on the disk, and lost at a restart: ${messageOf(thrown)}`, 'warning');
    });
  }

  #tell(): void {
    const { network, leadership } = this.#parts;
    if (this.#word === NOTHING || leadership.current()?.node !== network.self) return;
    network.publish(pauseTopic, this.#word);
  }

  #record(kind: string, message: string, severity: 'info' | 'warning' = 'info'): void {
    const about = { kind: `federation.rounds-${kind}`, subject: 'service/federation' };
    this.#parts.journal.record({ severity, ...about, message });
  }
}

const isLater = (a: PauseWord, b: PauseWord): boolean => a.term > b.term || (a.term === b.term && a.change > b.change);

/** Nothing said, for what cannot be read. Never throws. */
function readWord(text: string | undefined): PauseWord {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return Value.Check(PauseWord, value) ? value : NOTHING;
  } catch {
    return NOTHING;
  }
}
