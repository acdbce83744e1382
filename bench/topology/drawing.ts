// Network diagrams drawn by parlmesh's own generator, with the graph that they show: made the same from the same seed.

import type { Random } from '../../core/random.ts';
import { arrowHead, type Point, routeBetween, sketched } from './routes.ts';

export interface TrueNode {
  id: string;
  label: string;
  /** Middle, in pixels of the picture. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Truth {
  nodes: TrueNode[];
  edges: { source: string; target: string }[];
}

export interface Style {
  name: string;
  background: string;
  shapes: readonly Shape[];
  fill: readonly string[];
  stroke: string;
  strokeWidth: number;
  text: string;
  font: string;
  fontSize: number;
  labels: 'inside' | 'below';
  edge: string;
  edgeWidth: number;
  dash?: string;
  /** Share of edges that are dashed. */
  dashed: number;
  route: 'straight' | 'orthogonal' | 'spline';
  arrow: 'none' | 'filled' | 'open';
  edgeLabels: number;
  /** Pixels by which strokes wobble. */
  wobble: number;
  layout: 'grid' | 'circle' | 'layers';
}

export type Shape = 'box' | 'rounded' | 'circle' | 'ellipse' | 'diamond' | 'cylinder' | 'cloud' | 'disc' | 'hexagon';

const NAMES = [
  'gw',
  'node',
  'pi',
  'cam',
  'router',
  'switch',
  'relay',
  'edge',
  'db',
  'kitchen',
  'roof',
  'hall',
  'server',
];

/** A label that no other node has. */
function labelled(random: Random, taken: Set<string>, short: boolean): string {
  for (;;) {
    const name = NAMES[random.below(NAMES.length)]!;
    const number = 1 + random.below(short ? 9 : 40);
    const label = short
      ? `${name[0]}${number}`
      : [`${name}-${number}`, `${name}${number}`, `${name}_${number}`, name][random.below(4)]!;
    if (taken.has(label)) continue;
    taken.add(label);
    return label;
  }
}

/** @returns the SVG, its size, and what it shows */
export function drawDiagram(style: Style, count: number, random: Random) {
  const short = style.shapes.includes('circle') && style.labels === 'inside';
  const taken = new Set<string>();
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    label: labelled(random, taken, short),
    shape: style.shapes[random.below(style.shapes.length)]!,
    fill: style.fill[random.below(style.fill.length)]!,
    ...{ x: 0, y: 0, width: 0, height: 0 },
  }));
  for (const node of nodes) Object.assign(node, sizeOf(node.shape, node.label, style));
  const size = place(nodes, style, random);
  const edges = connect(nodes, style, random);
  const parts = edges.map((edge) => drawEdge(edge, style, random));
  parts.push(...nodes.map((node) => drawNode(node, style, random)));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}"><rect width="100%" height="100%" fill="${style.background}"/>${parts.join('')}</svg>`;
  const truth: Truth = {
    nodes: nodes.map(({ id, label, x, y, width, height }) => ({ id, label, x, y, width, height })),
    edges: edges.map(({ source, target }) => ({ source: source.id, target: target.id })),
  };
  return { svg, truth };
}

export type DrawnNode = TrueNode & { shape: Shape; fill: string };

interface DrawnEdge {
  source: DrawnNode;
  target: DrawnNode;
  points: Point[];
}

function sizeOf(shape: Shape, label: string, { fontSize, labels }: Style): { width: number; height: number } {
  const text = label.length * fontSize * 0.58;
  if (labels === 'below') {
    if (shape === 'disc') return { width: fontSize * 1.3, height: fontSize * 1.3 };
    return { width: fontSize * 3.2, height: fontSize * (shape === 'cloud' ? 2.2 : 2.8) };
  }
  if (shape === 'circle') return { width: text + fontSize * 1.6, height: text + fontSize * 1.6 };
  if (shape === 'diamond') return { width: text * 1.5 + fontSize * 3, height: fontSize * 4.2 };
  if (shape === 'ellipse' || shape === 'hexagon') return { width: text * 1.25 + fontSize * 2, height: fontSize * 2.7 };
  if (shape === 'cloud') return { width: text * 1.3 + fontSize * 2.5, height: fontSize * 4 };
  return { width: text + fontSize * 2.2, height: fontSize * (shape === 'cylinder' ? 3.4 : 2.5) };
}

function place(nodes: DrawnNode[], { layout, fontSize, labels }: Style, random: Random) {
  const wide = Math.max(...nodes.map((node) => node.width), fontSize * 6);
  const high = Math.max(...nodes.map((node) => node.height)) + (labels === 'below' ? fontSize * 2 : 0);
  const margin = fontSize * 2;
  if (layout === 'circle') {
    const radius = Math.max((nodes.length * wide * 1.35) / (2 * Math.PI), wide * 1.4);
    nodes.forEach((node, i) => {
      const angle = ((i + random.next() * 0.2) / nodes.length) * 2 * Math.PI;
      node.x = margin + wide / 2 + radius * (1 + Math.cos(angle));
      node.y = margin + high / 2 + radius * (1 + Math.sin(angle));
    });
    return { width: Math.ceil(2 * (margin + radius) + wide), height: Math.ceil(2 * (margin + radius) + high) };
  }
  const columns = Math.max(2, Math.round(Math.sqrt(nodes.length * 1.1)));
  const rows = Math.ceil(nodes.length / columns);
  const [stepX, stepY] = [wide * 1.75, high * 2.1 + 20];
  const jitter = layout === 'grid' ? 0.16 : 0;
  nodes.forEach((node, i) => {
    const row = Math.floor(i / columns);
    const shift = layout === 'layers' && row % 2 === 1 ? 0.25 : 0;
    node.x = margin + wide / 2 + ((i % columns) + shift + jitter * random.next()) * stepX;
    node.y = margin + high / 2 + (row + jitter * random.next()) * stepY;
  });
  return {
    width: Math.ceil(2 * margin + wide + (columns - 0.6) * stepX),
    height: Math.ceil(2 * margin + high * 1.3 + (rows - 0.8) * stepY),
  };
}

/** Near nodes joined to one whole, and some more edges; none runs through a third node. */
function connect(nodes: DrawnNode[], style: Style, random: Random): DrawnEdge[] {
  const candidates: (DrawnEdge & { length: number })[] = [];
  for (const [i, source] of nodes.entries()) {
    for (const target of nodes.slice(i + 1)) {
      const points = routeBetween(source, target, style.route);
      const clear = nodes.every((node) => node === source || node === target || isClear(points, node, style));
      const length = Math.hypot(source.x - target.x, source.y - target.y) * (0.8 + 0.6 * random.next());
      if (clear) candidates.push({ source, target, points, length });
    }
  }
  candidates.sort((a, b) => a.length - b.length);
  const group = new Map(nodes.map((node) => [node.id, node.id]));
  const extra = Math.round(nodes.length * (0.2 + 0.5 * random.next()));
  const edges: DrawnEdge[] = [];
  const spare: DrawnEdge[] = [];
  for (const edge of candidates) {
    const [from, to] = [group.get(edge.source.id)!, group.get(edge.target.id)!];
    if (from === to) {
      spare.push(edge);
      continue;
    }
    for (const [id, of] of group) if (of === from) group.set(id, to);
    edges.push(edge);
  }
  for (const edge of spare) {
    if (edges.length >= nodes.length - 1 + extra) break;
    if (style.route !== 'orthogonal' || edges.every((other) => !overlap(edge.points, other.points))) edges.push(edge);
  }
  return edges;
}

function isClear(points: Point[], node: DrawnNode, { fontSize, labels }: Style): boolean {
  const gap = fontSize * 0.7;
  const below = labels === 'below' ? fontSize * 1.8 : 0;
  const half = Math.max(node.width / 2, labels === 'below' ? node.label.length * fontSize * 0.3 : 0) + gap;
  return points.every(
    ([x, y]) =>
      Math.abs(x - node.x) > half || y < node.y - node.height / 2 - gap || y > node.y + node.height / 2 + gap + below,
  );
}

/** Whether two routes share more than a crossing. */
function overlap(a: Point[], b: Point[]): boolean {
  return a.filter(([x, y]) => b.some(([u, v]) => Math.hypot(x - u, y - v) < 9)).length > 6;
}

function drawEdge({ source, target, points }: DrawnEdge, style: Style, random: Random): string {
  const width = `stroke="${style.edge}" stroke-width="${style.edgeWidth}"`;
  const dash = style.dash !== undefined && random.next() < style.dashed ? ` stroke-dasharray="${style.dash}"` : '';
  const line = style.wobble > 0 ? sketched(points, style.wobble, random) : points;
  let svg = `<path fill="none" ${width}${dash} d="M${line.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}"/>`;
  if (style.arrow !== 'none') svg += arrowHead(line, style.arrow, style.edge, style.edgeWidth);
  if (random.next() < style.edgeLabels) {
    const [x, y] = points[Math.floor(points.length / 2)]!;
    const text = `${1 + random.below(90)} ms`;
    const size = style.fontSize * 0.8;
    const half = text.length * size * 0.29 + 2;
    svg += `<rect x="${x - half}" y="${y - size * 0.65}" width="${2 * half}" height="${size * 1.3}" fill="${style.background}"/><text x="${x}" y="${y + size * 0.35}" font-family="${style.font}" font-size="${size}" text-anchor="middle" fill="${style.text}">${text}</text>`;
  }
  return `<g id="${source.id}-${target.id}">${svg}</g>`;
}

function drawNode(node: DrawnNode, style: Style, random: Random): string {
  const { x, y, height, label } = node;
  const path = `fill="${node.fill}" stroke="${style.stroke}" stroke-width="${style.strokeWidth}"`;
  const baseline = style.labels === 'below' ? y + height / 2 + style.fontSize * 1.25 : y + style.fontSize * 0.35;
  const text = `<text x="${x}" y="${baseline + (node.shape === 'cylinder' && style.labels === 'inside' ? 5 : 0)}" font-family="${style.font}" font-size="${style.fontSize}" text-anchor="middle" fill="${style.text}">${label}</text>`;
  return `${outline(node, path, style.wobble, random)}${text}`;
}

function outline({ shape, x, y, width, height }: DrawnNode, path: string, wobble: number, random: Random): string {
  const [w, h] = [width / 2, height / 2];
  if (wobble > 0) {
    const round = shape === 'circle' || shape === 'ellipse' || shape === 'disc' || shape === 'cloud';
    const corners: Point[] = round
      ? Array.from({ length: 33 }, (_, i) => [
          x + w * Math.cos((i * Math.PI) / 16),
          y + h * Math.sin((i * Math.PI) / 16),
        ])
      : [
          [x - w, y - h],
          [x + w, y - h],
          [x + w, y + h],
          [x - w, y + h],
          [x - w, y - h],
        ];
    const line = sketched(corners, wobble, random);
    return `<path ${path} d="M${line.map(([u, v]) => `${u.toFixed(1)} ${v.toFixed(1)}`).join('L')}"/>`;
  }
  const polygon = (points: number[][]): string =>
    `<polygon ${path} points="${points.map((p) => p.join(',')).join(' ')}"/>`;
  switch (shape) {
    case 'disc':
    case 'circle':
    case 'ellipse':
      return `<ellipse ${path} cx="${x}" cy="${y}" rx="${w}" ry="${h}"/>`;
    case 'diamond':
      return polygon([
        [x, y - h],
        [x + w, y],
        [x, y + h],
        [x - w, y],
      ]);
    case 'hexagon':
      return polygon([
        [x - w, y],
        [x - w * 0.75, y - h],
        [x + w * 0.75, y - h],
        [x + w, y],
        [x + w * 0.75, y + h],
        [x - w * 0.75, y + h],
      ]);
    case 'cylinder': {
      const cap = h * 0.25;
      return `<path ${path} d="M${x - w} ${y - h + cap}a${w} ${cap} 0 0 1 ${width} 0v${height - 2 * cap}a${w} ${cap} 0 0 1 ${-width} 0zm0 0a${w} ${cap} 0 0 0 ${width} 0"/>`;
    }
    case 'cloud':
      return `<path ${path} d="M${x - w * 0.6} ${y + h * 0.8}a${w * 0.4} ${h * 0.5} 0 0 1 ${-w * 0.05} ${-h}a${w * 0.5} ${h * 0.6} 0 0 1 ${w * 0.8} ${-h * 0.3}a${w * 0.35} ${h * 0.45} 0 0 1 ${w * 0.55} ${h * 0.5}a${w * 0.3} ${h * 0.4} 0 0 1 ${-w * 0.1} ${h * 0.8}z"/>`;
    default:
      return `<rect ${path} x="${x - w}" y="${y - h}" width="${width}" height="${height}" rx="${shape === 'rounded' ? h * 0.4 : 0}"/>`;
  }
}
