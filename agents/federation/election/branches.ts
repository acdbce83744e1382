// Two coordinators made models while the network was cut: how their lines of descent relate, and what one model comes of
// both. Pure. Nothing is lost: every model of both lines stays in the store, and the merged one names both its parents.

/** A model and where it comes from, as its lineage says. */
export interface Descent {
  version: string;
  parent: string;
  coordinator: string;
  round: number;
  nodes: readonly string[];
  examples: number;
}

/** Oldest last: each is the parent of the one before it. */
export type Line = readonly Descent[];

export type Relation =
  /** They serve the same model, or this side has all that the other has. */
  | { kind: 'nothing-new' }
  /** The other side went on from our model: its newest one is simply the next. */
  | { kind: 'ahead'; theirs: Line }
  | { kind: 'forked'; split: string; ours: Line; theirs: Line }
  /** No model is known to both: theirs is kept, and taken for nothing more. */
  | { kind: 'strange' };

/** Models of one line since the split that are looked at; a partition of more rounds than that is taken as strange. */
export const MOST_LINE = 48;

/** From the newest model backwards, as far as it is known. Ends where a lineage runs in a circle. */
export function lineOf(head: string, models: ReadonlyMap<string, Descent>): Descent[] {
  const line: Descent[] = [];
  const seen = new Set<string>();
  for (let at = models.get(head); at !== undefined && !seen.has(at.version); at = models.get(at.parent)) {
    if (line.length === MOST_LINE) break;
    seen.add(at.version);
    line.push(at);
  }
  return line;
}

export function relate(ourHead: string, ours: Line, theirHead: string, theirs: Line): Relation {
  const known = new Set([ourHead, ...ours.flatMap(({ version, parent }) => [version, parent])]);
  if (known.has(theirHead)) return { kind: 'nothing-new' };
  // The first of their line, newest first, that comes from something of ours.
  const at = theirs.findIndex(({ parent }) => known.has(parent));
  if (at === -1) return { kind: 'strange' };
  const split = theirs[at]!.parent;
  const since = theirs.slice(0, at + 1);
  if (split === ourHead) return { kind: 'ahead', theirs: since };
  const until = ours.findIndex(({ version }) => version === split);
  return { kind: 'forked', split, ours: until === -1 ? ours : ours.slice(0, until), theirs: since };
}

/** What a line of models was made of. */
export function harvestOf(line: Line): { nodes: string[]; examples: number } {
  return {
    nodes: [...new Set(line.flatMap(({ nodes }) => nodes))].sort(),
    examples: line.reduce((sum, { examples }) => sum + examples, 0),
  };
}

/**
 * `split + Σ share · (head − split)`, the shares by examples: one step of FedAvg (McMahan et al. 2017, algorithm 1) whose two
 * clients are the parts of the network. A part that learned from nothing counts nothing.
 */
export function mergedParameters(
  split: Float32Array,
  sides: readonly { head: Float32Array; examples: number }[],
): Float32Array {
  const total = sides.reduce((sum, { examples }) => sum + examples, 0);
  const merged = Float64Array.from(split);
  for (const { head, examples } of sides) {
    const share = total === 0 ? 1 / sides.length : examples / total;
    for (let at = 0; at < merged.length; at++) merged[at]! += share * (head[at]! - split[at]!);
  }
  return Float32Array.from(merged);
}
