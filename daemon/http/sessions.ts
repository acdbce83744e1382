// Log-ins of the status page: an opaque id in a cookie stands for a token, until either ends. Kept in memory; after
// a restart the page asks for the token again.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { TokenRow, Tokens } from '../security/tokens.ts';
import type { View } from '../view/view.ts';

/** Seconds that a log-in lasts. */
export const SESSION_SECONDS = 7 * 86_400;
const MOST_SESSIONS = 1000;

interface Session {
  tokenId: string;
  /** Monotonic milliseconds. */
  endsAt: number;
}

export class Sessions {
  readonly #tokens: Tokens;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(options: { tokens: Tokens; clock: Clock }) {
    this.#tokens = options.tokens;
    this.#clock = options.clock;
  }

  /** Opens a session for a token and returns its id. The oldest gives way when there are too many. */
  open(token: TokenRow): string {
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= MOST_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(id, { tokenId: token.id, endsAt: this.#clock.now() + SESSION_SECONDS * 1000 });
    return id;
  }

  /** The token that a live session stands for. */
  find(id: string): TokenRow | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    const token = session.endsAt > this.#clock.now() ? this.#tokens.get(session.tokenId) : undefined;
    if (token === undefined) this.#sessions.delete(id);
    return token;
  }

  close(id: string): void {
    this.#sessions.delete(id);
  }
}

/** Cookies of one host are shared by all its ports: nodes on one machine must not overwrite each other's. */
export function sessionCookie(view: View): string {
  return `parlmesh_${view.node().id.slice(-10)}`;
}
