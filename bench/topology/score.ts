// How well a graph that was read fits the one that was drawn.

import { distance } from 'fastest-levenshtein';
import type { Truth } from './drawing.ts';

export interface ReadGraph {
  nodes: readonly { id: string; label: string; x: number; y: number }[];
  edges: readonly { source: string; target: string }[];
}

export interface Counts {
  hits: number;
  read: number;
  drawn: number;
}

/** Edit distance over length that a label may be off by. */
const LABEL_OFF = 0.25;

/** Nodes count where place (half the node's size and 15 pixels) and label fit; edges where both their nodes do, undirected. */
export function score(graph: ReadGraph, truth: Truth): { nodes: Counts; edges: Counts; labels: number } {
  const partner = new Map<string, string>();
  const free = new Set(graph.nodes);
  const pairs = truth.nodes
    .flatMap((drawn) =>
      graph.nodes.map((read) => ({ drawn, read, off: Math.hypot(drawn.x - read.x, drawn.y - read.y) })),
    )
    .filter(({ drawn, off }) => off <= Math.max(drawn.width, drawn.height) / 2 + 15)
    .sort((a, b) => a.off - b.off);
  const placed = new Set<string>();
  let hits = 0;
  for (const { drawn, read } of pairs) {
    if (placed.has(drawn.id) || !free.has(read)) continue;
    placed.add(drawn.id);
    free.delete(read);
    const fits = labelsFit(read.label, drawn.label);
    if (!fits) continue;
    partner.set(read.id, drawn.id);
    hits++;
  }
  const key = (a: string, b: string): string => [a, b].sort().join('|');
  const wanted = new Set(truth.edges.map(({ source, target }) => key(source, target)));
  const read = new Set(
    graph.edges.map(({ source, target }) =>
      key(partner.get(source) ?? `?${source}`, partner.get(target) ?? `?${target}`),
    ),
  );
  return {
    nodes: { hits, read: graph.nodes.length, drawn: truth.nodes.length },
    edges: { hits: [...read].filter((edge) => wanted.has(edge)).length, read: read.size, drawn: wanted.size },
    labels: placed.size,
  };
}

export function labelsFit(read: string, drawn: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\s+/g, '');
  return distance(plain(read), plain(drawn)) <= Math.max(1, drawn.length) * LABEL_OFF;
}

export function f1({ hits, read, drawn }: Counts): number {
  return read + drawn === 0 ? 1 : (2 * hits) / (read + drawn);
}

export function sum(all: readonly Counts[]): Counts {
  return all.reduce((a, b) => ({ hits: a.hits + b.hits, read: a.read + b.read, drawn: a.drawn + b.drawn }), {
    hits: 0,
    read: 0,
    drawn: 0,
  });
}
