// The daemons of a rig, one in each namespace, with links along its cables; and what they tell of themselves.

import { LocalNode } from '../../daemon/cli/local-node.ts';
import { systemClock } from '../../daemon/clock.ts';
import type { EventView, TopologyView } from '../../daemon/view/schema.ts';
import type { NamespaceRig } from '../rig/namespaces.ts';
import { dataDirOf, MESH_ONLY } from '../rig/parlmesh-network.ts';
import { monotonic } from '../rig/processes.ts';
import { cableAddress, neighbours } from '../rig/topology.ts';

/** Lines of a story at most. */
const MOST_TOLD = 60;

export function daemonsOf(rig: NamespaceRig, settings: Record<string, string> = {}): LocalNode[] {
  return Array.from({ length: rig.topology.nodes }, (_, node) => {
    return new LocalNode({
      name: `n${node}`,
      dataDir: dataDirOf(rig.scratch, node),
      launcher: rig.inside(node),
      settings: {
        ...MESH_ONLY,
        PARLMESH_MESH_LISTEN: '/ip4/0.0.0.0/tcp/7421',
        PARLMESH_MESH_AUTO_DIAL: 'false',
        PARLMESH_MESH_BOOTSTRAP: bootstrapOf(rig, node),
        ...settings,
      },
    });
  });
}

export function bootstrapOf({ topology }: NamespaceRig, node: number): string {
  return neighbours(topology, node)
    .map(({ peer, cable }) => `/ip4/${cableAddress(topology, cable, peer)}/tcp/7421`)
    .join(',');
}

/** A node knows every cable as a link that is up. */
export async function isWhole({ topology }: NamespaceRig, node: LocalNode): Promise<boolean> {
  const { links } = await node.get<TopologyView>('topology');
  return links.filter(({ state }) => state === 'up').length === topology.cables.length;
}

/** What the journals say of links, peers and routes in a span of time, in order. */
export async function storyOf(nodes: readonly LocalNode[], from: number, to: number): Promise<string[]> {
  const toWall = systemClock.wall() - monotonic();
  const events = await Promise.all(
    nodes.map(async (node) => (await node.get<EventView[]>('events?limit=200')).map((event) => ({ node, ...event }))),
  );
  return events
    .flat()
    .filter(({ at, kind }) => at >= from + toWall && at <= to + toWall && /^(link|peer|route)/.test(kind))
    .sort((a, b) => a.at - b.at)
    .slice(0, MOST_TOLD)
    .map(({ at, node, message }) => `${Math.round(at - from - toWall)} ms, ${node.name}: ${message}`);
}
