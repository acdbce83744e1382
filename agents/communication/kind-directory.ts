// Which nodes have agents of which kind, as they tell, and which of them is asked next. Pure but for its counters of
// turns.

import { type Static, Type } from 'typebox';
import type { NetworkNode, NewsTopic } from '../network.ts';

export const KindsPayload = Type.Object({
  kinds: Type.Array(
    Type.Object({
      kind: Type.String({ minLength: 1, maxLength: 64 }),
      agents: Type.Integer({ minimum: 1, maximum: 1000 }),
    }),
    { maxItems: 64 },
  ),
});
export type KindsPayload = Static<typeof KindsPayload>;

/** Told when it changes, and again before it expires. */
export const KINDS_TOPIC: NewsTopic<typeof KindsPayload> = {
  name: 'agent-kinds',
  kind: 'state',
  schema: KindsPayload,
  lifetime: 300_000,
};

export type Pick = 'least-loaded' | 'round-robin';

/** Nodes that are remembered; a network has fewer. */
const MOST_NODES = 4096;

export class KindDirectory {
  readonly #nodes = new Map<string, KindsPayload>();
  readonly #turns = new Map<string, number>();

  hear(node: string, payload: KindsPayload): void {
    if (this.#nodes.size >= MOST_NODES && !this.#nodes.has(node)) return;
    this.#nodes.set(node, payload);
  }

  /** Reachable nodes that have agents of `kind`, the nearest first. */
  nodesWith(kind: string, nodes: readonly NetworkNode[]): string[] {
    return nodes
      .filter(({ id, reachable }) => reachable && this.#has(id, kind))
      .sort((a, b) => (a.roundTrip ?? 1) - (b.roundTrip ?? 1) || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }

  /** `choices` in the order in which they are to be asked, `round-robin` beginning with the next one in turn. */
  inTurn<T>(kind: string, choices: readonly T[]): T[] {
    if (choices.length === 0) return [];
    const turn = this.#turns.get(kind) ?? 0;
    if (this.#turns.size < MOST_NODES || this.#turns.has(kind)) this.#turns.set(kind, turn + 1);
    const at = turn % choices.length;
    return [...choices.slice(at), ...choices.slice(0, at)];
  }

  #has(node: string, kind: string): boolean {
    return this.#nodes.get(node)?.kinds.some((each) => each.kind === kind) ?? false;
  }
}
