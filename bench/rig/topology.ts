// Shapes of networks for measuring, and what their parts are called and addressed. Pure.

/** A cable between two nodes, by their numbers. */
export type Cable = readonly [a: number, b: number];

export interface Topology {
  /** As in the results: `ring of 8`, `grid 4×4`. */
  readonly name: string;
  /** Nodes are numbered from 0. */
  readonly nodes: number;
  readonly cables: readonly Cable[];
  /** The two nodes farthest from each other; traffic is measured between them. */
  readonly from: number;
  readonly to: number;
  /** Cables on the shortest way between them. */
  readonly fewestHops: number;
}

export function ring(nodes: number): Topology {
  const half = Math.floor(nodes / 2);
  const cables = Array.from({ length: nodes }, (_, node): Cable => [node, (node + 1) % nodes]);
  return { name: `ring of ${nodes}`, nodes, cables, from: 0, to: half, fewestHops: half };
}

export function grid(width: number, height: number): Topology {
  const nodes = width * height;
  const cables: Cable[] = [];
  for (let node = 0; node < nodes; node++) {
    if (node % width < width - 1) cables.push([node, node + 1]);
    if (node + width < nodes) cables.push([node, node + width]);
  }
  return { name: `grid ${width}×${height}`, nodes, cables, from: 0, to: nodes - 1, fewestHops: width + height - 2 };
}

/** One namespace without cables: whatever runs there shares its loopback with nobody else. */
export const loopback: Topology = { name: 'loopback', nodes: 1, cables: [], from: 0, to: 0, fewestHops: 0 };

/** The node's neighbours, each with the number of the cable to it. */
export function neighbours({ cables }: Topology, node: number): { peer: number; cable: number }[] {
  return cables.flatMap(([a, b], cable) =>
    a === node ? [{ peer: b, cable }] : b === node ? [{ peer: a, cable }] : [],
  );
}

/** Address that belongs to the node itself, on none of its cables. */
export const ownAddress = (node: number): string => `10.55.${node >> 8}.${(node & 255) + 1}`;

/** Address of one end of a cable; each cable is a /24 of its own. */
export function cableAddress({ cables }: Topology, cable: number, node: number): string {
  return `10.56.${cable}.${cables[cable]![0] === node ? 1 : 2}`;
}

/** The interface that leads to `peer`. */
export const interfaceTo = (peer: number): string => `e${peer}`;

/** The cable in the middle of a path: it touches neither end where the path has three cables or more. */
export function middleCable({ cables }: Topology, path: readonly number[]): Cable {
  const at = Math.floor(path.length / 2);
  const [a, b] = path.slice(at - 1, at + 1);
  const cable = cables.find((one) => one.some((node) => node === a) && one.some((node) => node === b));
  if (cable === undefined || a === b) throw new Error(`the path ${path.join(', ')} runs over no cable`);
  return cable;
}
