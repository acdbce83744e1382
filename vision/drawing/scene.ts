// What a drawing of the mesh shows. Declared here, so that drawing knows nothing of the mesh: whoever has one makes a
// scene of it. Plain data, also in the browser.

export type LinkState = 'up' | 'suspect' | 'down';

export interface SceneNode {
  id: string;
  name: string;
  /** The node that the drawing is made on. */
  self: boolean;
  /** connected: over a link of this node; reachable: over others; suspect: it is being lost. */
  state: 'connected' | 'reachable' | 'suspect' | 'gone' | 'stopped';
  /** Anomaly score, 0 normal to 1. */
  score: number;
  area?: string | undefined;
  /** It joins its area to others. */
  border?: boolean;
  /** So many nodes lose the largest part of the network when it fails. */
  cutsOff?: number;
}

export interface SceneLink {
  a: string;
  b: string;
  cost: number;
  state: LinkState;
  /** In both directions; undefined where nobody told. */
  bytesPerSecond?: number;
  cutsOff?: number;
}

export interface SceneRoute {
  /** Node ids, source and destination included. */
  path: readonly string[];
  /** What is used when the first link of the path fails; source and destination included. */
  backup?: readonly string[];
}

export interface Scene {
  nodes: readonly SceneNode[];
  links: readonly SceneLink[];
  /** Of one source: to one destination, or to all. */
  routes: readonly SceneRoute[];
}

/** What is shown of a scene: routes with their backups, or the mesh as a heatmap. */
export const SHOWN = ['routes', 'cost', 'traffic', 'anomaly'] as const;
export type Shown = (typeof SHOWN)[number];

/** A score from here on is notable in every drawing. */
export const NOTABLE_SCORE = 0.5;
