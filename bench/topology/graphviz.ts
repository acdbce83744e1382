// Diagrams drawn by Graphviz where it is installed, with the graph that they show.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Random } from '../../core/random.ts';
import type { Truth } from './drawing.ts';

export interface GraphvizStyle {
  name: string;
  engine: 'dot' | 'neato' | 'circo' | 'fdp';
  directed: boolean;
  /** Attributes of the graph, its nodes and its edges. */
  graph: string;
  node: string;
  edge: string;
  edgeLabels: number;
  dpi: number;
}

const WORDS = ['alpha', 'attic', 'barn', 'core', 'garage', 'garden', 'gate', 'lab', 'office', 'porch', 'shed', 'tower'];

/** @returns a PNG, and what it shows */
export async function drawWithGraphviz(style: GraphvizStyle, count: number, random: Random) {
  const labels = new Set<string>();
  while (labels.size < count) {
    const word = WORDS[random.below(WORDS.length)]!;
    labels.add(
      [`${word}-${random.below(30)}`, `${word}${random.below(10)}`, word, `n${random.below(60)}`][random.below(4)]!,
    );
  }
  const nodes = [...labels].map((label, i) => ({ id: `n${i}`, label }));
  const pairs = new Set<string>();
  for (let i = 1; i < count; i++) pairs.add(`${Math.max(0, i - 1 - random.below(4))} ${i}`);
  for (let i = 0; i < count * 0.35; i++) {
    const [a, b] = [random.below(count), random.below(count)];
    if (a < b && b - a < 6) pairs.add(`${a} ${b}`);
  }
  const edges = [...pairs].map((pair) => pair.split(' ').map(Number) as [number, number]);
  const arrow = style.directed ? '->' : '--';
  const source = [
    `${style.directed ? 'digraph' : 'graph'} g { graph [dpi=${style.dpi} ${style.graph}]; node [${style.node}]; edge [${style.edge}];`,
    ...nodes.map(({ id, label }) => `${id} [label="${label}"];`),
    ...edges.map(([a, b]) => {
      const label = random.next() < style.edgeLabels ? ` [label="${1 + random.below(80)}"]` : '';
      return `n${a} ${arrow} n${b}${label};`;
    }),
    '}',
  ].join('\n');
  const [png, plain] = await Promise.all([run(style.engine, 'png', source), run(style.engine, 'plain', source)]);
  return {
    png,
    truth: {
      nodes: places(plain.toString('utf8'), nodes, png),
      edges: edges.map(([a, b]) => ({ source: `n${a}`, target: `n${b}` })),
    },
  };
}

/** The plain format is in inches from the lower left corner, without the padding of the picture. */
function places(plain: string, nodes: { id: string; label: string }[], png: Buffer): Truth['nodes'] {
  const lines = plain.split('\n').map((line) => line.split(' '));
  const [, , graphWidth, graphHeight] = lines[0]!.map(Number);
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  // 4 points of padding on each side by default.
  const scale = width / (graphWidth! + 8 / 72);
  const label = new Map(nodes.map((node) => [node.id, node.label]));
  const pad = (height / scale - graphHeight!) / 2;
  return lines
    .filter(([kind]) => kind === 'node')
    .map(([, id, x, y, w, h]) => ({
      ...{ id: id!, label: label.get(id!)! },
      x: (Number(x) + 4 / 72) * scale,
      y: (graphHeight! - Number(y) + pad) * scale,
      ...{ width: Number(w) * scale, height: Number(h) * scale },
    }));
}

async function run(engine: string, format: string, source: string): Promise<Buffer> {
  const child = promisify(execFile)(engine, [`-T${format}`], { encoding: 'buffer', maxBuffer: 50_000_000 });
  child.child.stdin?.end(source);
  return (await child).stdout;
}
