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
    return text.replace(NODE_ID, this.#nameOf());
  }

  /** A copy of plain data with names in all its sentences: texts of several words. */
  inSentences<T>(value: T): T {
    return named(value, this.#nameOf()) as T;
  }

  /** Records what another one is told, with names. */
  journal(to: Journal): Journal {
    return { record: (entry) => to.record({ ...entry, message: this.inText(entry.message) }) };
  }

  /** By the names of this moment, which are asked for once an id stands somewhere: in most sentences none does. */
  #nameOf(): (id: string) => string {
    let names: Map<string, string> | undefined;
    return (id) => {
      names ??= new Map(this.#nodes().map((node) => [node.id, node.name]));
      return names.get(id) ?? `…${id.slice(-8)}`;
    };
  }
}

function named(value: unknown, nameOf: (id: string) => string): unknown {
  if (typeof value === 'string') return value.includes(' ') ? value.replace(NODE_ID, nameOf) : value;
  if (Array.isArray(value)) return value.map((item) => named(item, nameOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, nameOf)]));
}
