// The agents of this node as communication sees them. The supervisor is one.

import type { Letter } from './letter.ts';

export interface Recipient {
  id: string;
  kind: string;
  /** Letters that wait for it. */
  waiting: number;
}

export interface Recipients {
  /** Agents that take letters now. */
  recipients(): Recipient[];
  /**
   * Puts a letter into an agent's mailbox. Throws when it is refused: `AGENT_UNKNOWN`, `AGENT_NOT_READY`,
   * `AGENT_DEAF`, `AGENT_MAILBOX_FULL`. Resolves to what its handler returns; rejects at once when the agent dies.
   */
  deliver(agent: string, letter: Letter): Promise<unknown>;
}
