// Short names of nodes for what is said of thousands of them at once: 64 bits of a hash of the id, as text.

import { createHash } from 'node:crypto';
import type { NodeId } from '../../membership/keys.ts';

/** 11 characters of base64url. */
export type BriefName = string;

export const BRIEF_LENGTH = 11;

/**
 * Remembers the names of up to `most` nodes and whose they are; of more, the longest known are forgotten. Names are worked
 * out when the first is asked for: a network without areas asks for none.
 */
export class BriefNames {
  readonly #most: number;
  readonly #names = new Map<NodeId, BriefName | undefined>();
  readonly #ids = new Map<BriefName, NodeId>();
  /** Somebody was heard of who has no name yet. */
  #isBehind = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Somebody exists, and may be asked for by name. */
  heardOf(id: NodeId): void {
    if (this.#names.has(id)) return;
    const [oldest] = this.#names;
    if (this.#names.size >= this.#most && oldest !== undefined) {
      this.#names.delete(oldest[0]);
      if (oldest[1] !== undefined) this.#ids.delete(oldest[1]);
    }
    this.#names.set(id, undefined);
    this.#isBehind = true;
  }

  of(id: NodeId): BriefName {
    this.heardOf(id);
    return this.#names.get(id) ?? this.#baptise(id);
  }

  /** Undefined for a node that was not heard of. */
  idOf(name: BriefName): NodeId | undefined {
    if (this.#isBehind) for (const [id, known] of this.#names) if (known === undefined) this.#baptise(id);
    this.#isBehind = false;
    return this.#ids.get(name);
  }

  #baptise(id: NodeId): BriefName {
    const name = createHash('sha256').update(id).digest().subarray(0, 8).toString('base64url');
    this.#names.set(id, name);
    this.#ids.set(name, id);
    return name;
  }
}
