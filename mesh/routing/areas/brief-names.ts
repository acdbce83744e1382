// Short names of nodes for what is said of thousands of them at once: 64 bits of a hash of the id, as text.

import { createHash } from 'node:crypto';
import type { NodeId } from '../../membership/keys.ts';

/** 11 characters of base64url. */
export type BriefName = string;

export const BRIEF_LENGTH = 11;

/** Remembers the names of up to `most` nodes and whose they are; of more, the longest known are forgotten. */
export class BriefNames {
  readonly #most: number;
  readonly #names = new Map<NodeId, BriefName>();
  readonly #ids = new Map<BriefName, NodeId>();

  constructor(most: number) {
    this.#most = most;
  }

  of(id: NodeId): BriefName {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = createHash('sha256').update(id).digest().subarray(0, 8).toString('base64url');
    const [oldest] = this.#names;
    if (this.#names.size >= this.#most && oldest !== undefined) {
      this.#names.delete(oldest[0]);
      this.#ids.delete(oldest[1]);
    }
    this.#names.set(id, name);
    this.#ids.set(name, id);
    return name;
  }

  /** Undefined for a node that was not heard of. */
  idOf(name: BriefName): NodeId | undefined {
    return this.#ids.get(name);
  }
}
