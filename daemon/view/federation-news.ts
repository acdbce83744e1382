// What followers are told of the federation: the newest state as a whole, at most every second, whatever happens meanwhile.
// On a node that does not coordinate it is asked for again now and then, since rounds move elsewhere.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { FederationView } from './federation-schema.ts';

const TOGETHER: Millis = 1_000;
/** A thousand nodes that ask put 33 questions a second to the coordinator. */
const ASK_AGAIN: Millis = 30_000;

export interface FederationNewsParts {
  /** May take seconds: another node is asked. */
  read: () => Promise<FederationView>;
  tell: (view: FederationView) => void;
  /** Whether anybody follows; nothing is read for nobody. */
  isWanted: () => boolean;
  clock: Clock;
  logger: Logger;
}

export class FederationNews {
  readonly #parts: FederationNewsParts;
  #last: FederationView | undefined;
  #state: { kind: 'idle' } | { kind: 'soon' } | { kind: 'reading'; changed: boolean } = { kind: 'idle' };

  constructor(parts: FederationNewsParts) {
    this.#parts = parts;
    parts.clock.every(ASK_AGAIN, () => this.changed());
  }

  /** As it was told last; undefined before. */
  get last(): FederationView | undefined {
    return this.#last;
  }

  /** idle -> soon; what changes while it is read is read once more. */
  changed(): void {
    if (!this.#parts.isWanted()) return;
    if (this.#state.kind === 'reading') this.#state = { kind: 'reading', changed: true };
    if (this.#state.kind !== 'idle') return;
    this.#state = { kind: 'soon' };
    this.#parts.clock.after(TOGETHER, () => void this.#read());
  }

  async #read(): Promise<void> {
    this.#state = { kind: 'reading', changed: false };
    try {
      this.#last = await this.#parts.read();
      this.#parts.tell(this.#last);
    } catch (thrown) {
      this.#parts.logger.warn({ cause: messageOf(thrown) }, 'the federation could not be read');
    }
    const { changed } = this.#state.kind === 'reading' ? this.#state : { changed: false };
    this.#state = { kind: 'idle' };
    if (changed) this.changed();
  }
}
