// What was read in a drawing, as it is laid over the picture: which node is which, and what only one side has. Pure.

import type { DrawingView } from '../../../daemon/view/drawing-schema.ts';
import { count } from '../format.ts';

export interface NodeMark {
  id: string;
  box: { x: number; y: number; width: number; height: number };
  /** `both`: the mesh has it too; `drawn`: only the drawing has it. */
  kind: 'both' | 'drawn';
  /** What is told of it when it is pointed at. */
  title: string;
}

export interface EdgeMark {
  id: string;
  from: { x: number; y: number };
  to: { x: number; y: number };
  /** `live`: only the mesh has it, between nodes that are drawn. */
  kind: 'both' | 'drawn' | 'live';
  title: string;
}

export function marksOf({ graph, metrics, difference }: DrawingView): { nodes: NodeMark[]; edges: EdgeMark[] } {
  const liveName = new Map(difference.matched.map(({ drawn, name }) => [drawn, name]));
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const degree = new Map(metrics.nodes.map(({ id, degree }) => [id, degree]));
  const cuts = new Set(metrics.articulationPoints);
  const bridges = new Set(metrics.bridges.map(({ source, target }) => pair(source, target)));
  const nameOf = (id: string): string => liveName.get(id) ?? (byId.get(id)?.label || id);
  const onlyDrawn = new Set(difference.linksOnlyDrawn.map(([a = '', b = '']) => pair(a, b)));

  const nodes = graph.nodes.map(({ id, label, box }): NodeMark => {
    const name = liveName.get(id);
    const read = label === '' ? 'No label could be read' : `Read as “${label}”`;
    const live = name === undefined ? 'no node of the mesh' : name === label ? 'in the mesh' : `${name} of the mesh`;
    const ways = count(degree.get(id) ?? 0, 'link');
    const title = [read, live, ways, ...(cuts.has(id) ? ['others depend on it'] : [])].join(', ');
    return { id, box, kind: name === undefined ? 'drawn' : 'both', title };
  });
  const edges = graph.edges.flatMap(({ source, target }, index): EdgeMark[] => {
    const [from, to] = [byId.get(source), byId.get(target)];
    if (from === undefined || to === undefined) return [];
    const isInMesh =
      liveName.has(source) && liveName.has(target) && !onlyDrawn.has(pair(nameOf(source), nameOf(target)));
    const notes = [
      isInMesh ? 'in the mesh' : 'not in the mesh',
      ...(bridges.has(pair(source, target)) ? ['there is no other way'] : []),
    ];
    const title = `${nameOf(source)} – ${nameOf(target)}: ${notes.join(', ')}`;
    return [{ id: String(index), from, to, kind: isInMesh ? 'both' : 'drawn', title }];
  });
  const drawnAs = new Map(difference.matched.map(({ drawn, name }) => [name, byId.get(drawn)]));
  const missing = difference.linksOnlyLive.flatMap(([a = '', b = '']): EdgeMark[] => {
    const [from, to] = [drawnAs.get(a), drawnAs.get(b)];
    if (from === undefined || to === undefined) return [];
    return [{ id: pair(a, b), from, to, kind: 'live', title: `${a} – ${b}: in the mesh, not drawn` }];
  });
  return { nodes, edges: [...edges, ...missing] };
}

/** The same for both directions. */
function pair(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}
