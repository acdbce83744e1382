// A scene out of what is known of a mesh: its nodes and links, and what a survey adds. Pure; the page makes its scenes by
// it too.

import type { LinkState, Scene, SceneNode } from './scene.ts';

export interface KnownMesh {
  nodes: readonly {
    id: string;
    name: string;
    self: boolean;
    state: 'connected' | 'reachable' | 'stopped' | 'gone';
    score: number;
    area?: string;
  }[];
  links: readonly { a: string; b: string; cost: number; state: LinkState }[];
}

export interface KnownMore {
  /** Nodes that are being lost. */
  suspects: ReadonlySet<string>;
  routes: readonly { destination: string; path: readonly string[]; backup?: { path: readonly string[] } }[];
  traffic: readonly { a: string; b: string; bytesPerSecond: number }[];
  cutNodes: readonly { node: string; cutsOff: number }[];
  cutLinks: readonly { a: string; b: string; cutsOff: number }[];
}

/** @param to the destination whose route alone is drawn; left out, all */
export function sceneOf({ nodes, links }: KnownMesh, more: KnownMore, to?: string): Scene {
  const areas = new Map(nodes.flatMap(({ id, area }) => (area === undefined ? [] : [[id, area] as const])));
  const severalAreas = new Set(areas.values()).size > 1;
  const borders = new Set(
    links.flatMap(({ a, b }) => {
      const [here, there] = [areas.get(a), areas.get(b)];
      return here === undefined || there === undefined || here === there ? [] : [a, b];
    }),
  );
  const cutNodes = new Map(more.cutNodes.map(({ node, cutsOff }) => [node, cutsOff]));
  const cutLinks = new Map(more.cutLinks.map(({ a, b, cutsOff }) => [pair(a, b), cutsOff]));
  const traffic = new Map(more.traffic.map(({ a, b, bytesPerSecond }) => [pair(a, b), bytesPerSecond]));
  return {
    nodes: nodes.map((node): SceneNode => {
      const { id, name, self, score } = node;
      const cutsOff = cutNodes.get(id);
      return {
        ...{ id, name, self, score, border: borders.has(id) },
        state: more.suspects.has(id) && node.state !== 'gone' && node.state !== 'stopped' ? 'suspect' : node.state,
        ...(severalAreas && { area: areas.get(id) }),
        ...(cutsOff !== undefined && { cutsOff }),
      };
    }),
    links: links.map(({ a, b, cost, state }) => {
      const [cutsOff, bytesPerSecond] = [cutLinks.get(pair(a, b)), traffic.get(pair(a, b))];
      return {
        ...{ a, b, cost, state },
        ...(bytesPerSecond !== undefined && { bytesPerSecond }),
        ...(cutsOff !== undefined && { cutsOff }),
      };
    }),
    routes: more.routes
      .filter(({ destination }) => to === undefined || destination === to)
      .map(({ path, backup }) => ({ path, ...(backup && { backup: backup.path }) })),
  };
}

/** What a picture of it is called. */
export function titleOf(show: 'routes' | 'cost' | 'traffic' | 'anomaly', from: string, to?: string): string {
  if (show === 'routes') return to === undefined ? `Routes from ${from}` : `Route from ${from} to ${to}`;
  return { cost: 'Cost of links', traffic: 'Traffic on links', anomaly: 'Anomaly of nodes' }[show];
}

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
