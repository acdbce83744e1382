// Ids of nodes as they stand in sentences of the loop become names: people do not know ids. Subjects, which programs go by, stay.

import type { Journal } from '../../core/journal.ts';

/** A libp2p peer id of an Ed25519 key, in base58. */
const NODE_ID = /12D3KooW[1-9A-HJ-NP-Za-km-z]{44}/g;

export class NodeNames {
  readonly #nodes: () => readonly { id: string; name: string }[];

  constructor(nodes: () => readonly { id: string; name: string }[]) {
    this.#nodes = nodes;
  }

  inText(text: string): string {
    // Most sentences name none.
    if (!text.includes('12D3KooW')) return text;
    const names = new Map(this.#nodes().map(({ id, name }) => [id, name]));
    return text.replace(NODE_ID, (id) => names.get(id) ?? `…${id.slice(-8)}`);
  }

  /** A copy of plain data with names in all its sentences: texts of several words. */
  inSentences<T>(value: T): T {
    return this.#named(value) as T;
  }

  /** Records what another one is told, with names. */
  journal(to: Journal): Journal {
    return { record: (entry) => to.record({ ...entry, message: this.inText(entry.message) }) };
  }

  #named(value: unknown): unknown {
    if (typeof value === 'string') return value.includes(' ') ? this.inText(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.#named(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#named(item)]));
  }
}
