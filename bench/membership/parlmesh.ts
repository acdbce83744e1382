// parlmesh with every node connected to every other, as `mesh.autoDial` does on one network.

import { LocalNode } from '../../daemon/cli/local-node.ts';
import { systemClock } from '../../daemon/clock.ts';
import type { PeerView } from '../../daemon/view/schema.ts';
import { dataDirOf, enrolAll, follow, MESH_ONLY, startAll, untilRouted } from '../rig/parlmesh-network.ts';
import { monotonic, until } from '../rig/processes.ts';
import type { Program } from './group.ts';
import type { Observation } from './observations.ts';

const FIRST_PORT = 7421;

export const parlmesh: Program = {
  name: 'parlmesh',
  start: async (rig, count) => {
    const nodes = Array.from({ length: count }, (_, index) => {
      return new LocalNode({
        name: `n${index}`,
        dataDir: dataDirOf(rig.scratch, index),
        launcher: rig.inside(0),
        settings: {
          ...MESH_ONLY,
          PARLMESH_MESH_LISTEN: `/ip4/127.0.0.1/tcp/${FIRST_PORT + index}`,
          PARLMESH_MESH_BOOTSTRAP: index === 0 ? '' : `/ip4/127.0.0.1/tcp/${FIRST_PORT}`,
        },
      });
    });
    await enrolAll(nodes);
    await startAll(nodes);
    await untilRouted(nodes);
    for (const node of nodes) {
      await until(`${node.name} is connected to all`, 120_000, async () => {
        const peers = await node.get<PeerView[]>('peers');
        return peers.filter(({ state }) => state === 'connected').length === count - 1;
      });
    }
    const observations: Observation[] = [];
    const unfollow = await Promise.all(nodes.map((node) => observe(node, observations)));
    const find = (name: string): LocalNode => nodes.find((node) => node.name === name)!;
    return {
      members: nodes.map(({ name }) => name),
      pids: nodes.map(({ pid }) => pid!),
      observations,
      signal: (member, signal) => process.kill(find(member).pid!, signal),
      stop: async () => {
        for (const end of unfollow) end();
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      },
    };
  },
};

/** Changes are told up to 100 ms late; `since` says when they were. */
function observe(node: LocalNode, observations: Observation[]): Promise<() => void> {
  const states = new Map<string, boolean>();
  return follow<PeerView[]>(node, 'peers', (peers) => {
    for (const { name, state, since } of peers) {
      const gone = state === 'gone';
      const before = states.get(name) ?? false;
      states.set(name, gone);
      if (gone === before) continue;
      const at = monotonic() - Math.max(0, systemClock.wall() - since);
      observations.push({ at, observer: node.name, about: name, gone });
    }
  });
}
