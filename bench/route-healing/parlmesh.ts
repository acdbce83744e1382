// parlmesh itself: real daemons with links between neighbours only.

import { LocalNode } from '../../daemon/cli/local-node.ts';
import { systemClock } from '../../daemon/clock.ts';
import type { RouteView } from '../../daemon/view/schema.ts';
import type { NamespaceRig } from '../rig/namespaces.ts';
import type { Probe } from '../rig/outage.ts';
import { dataDirOf, enrolAll, follow, MESH_ONLY, startAll } from '../rig/parlmesh-network.ts';
import { monotonic } from '../rig/processes.ts';
import { type TableChange, walk, walkProbes } from '../rig/route-walk.ts';
import { cableAddress, neighbours } from '../rig/topology.ts';
import { PROBE_INTERVAL } from '../rig/udp-flow.ts';
import type { RunningSubject, Subject } from './subject.ts';

export const parlmesh: Subject = {
  name: 'parlmesh',
  flow: 'walked over the routing tables that the nodes report',
  settling: 1000,
  start: async (rig) => {
    const nodes = Array.from({ length: rig.topology.nodes }, (_, node) => daemonOf(rig, node));
    const ids = await enrolAll(nodes);
    await startAll(nodes);
    return new RoutesFlow(rig, nodes, ids).start();
  },
};

function daemonOf(rig: NamespaceRig, node: number): LocalNode {
  const bootstrap = neighbours(rig.topology, node).map(
    ({ peer, cable }) => `/ip4/${cableAddress(rig.topology, cable, peer)}/tcp/7421`,
  );
  return new LocalNode({
    name: `n${node}`,
    dataDir: dataDirOf(rig.scratch, node),
    launcher: rig.inside(node),
    settings: {
      ...MESH_ONLY,
      PARLMESH_MESH_LISTEN: '/ip4/0.0.0.0/tcp/7421',
      PARLMESH_MESH_AUTO_DIAL: 'false',
      PARLMESH_MESH_BOOTSTRAP: bootstrap.join(','),
    },
  });
}

/** Follows the routing table of every node and says what would have become of the probes. */
class RoutesFlow implements RunningSubject {
  readonly #rig: NamespaceRig;
  readonly #nodes: readonly LocalNode[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #tables = new Map<number, ReadonlyMap<number, number>>();
  readonly #changes: TableChange[] = [];
  #unfollow: (() => void)[] = [];

  constructor(rig: NamespaceRig, nodes: readonly LocalNode[], ids: readonly string[]) {
    this.#rig = rig;
    this.#nodes = nodes;
    this.#numbers = new Map(ids.map((id, number) => [id, number]));
  }

  async start(): Promise<this> {
    this.#unfollow = await Promise.all(
      this.#nodes.map((node, number) => follow<RouteView[]>(node, 'routes', (routes) => this.#record(number, routes))),
    );
    return this;
  }

  probes(from: number, to: number): Probe[] {
    const { from: source, to: destination } = this.#rig.topology;
    return walkProbes(this.#changes, this.#rig.cuts, { source, destination, from, to, interval: PROBE_INTERVAL });
  }

  async path(): Promise<number[] | undefined> {
    return walk(this.#tables, this.#rig.topology.from, this.#rig.topology.to);
  }

  async stop(): Promise<void> {
    for (const end of this.#unfollow) end();
    await Promise.all(this.#nodes.map((node) => node.stop('SIGKILL')));
  }

  /** A table is told up to 100 ms after it changed; its newest route says when that was. */
  #record(node: number, routes: RouteView[]): void {
    const before = this.#tables.get(node);
    const nextHops = new Map<number, number>();
    let changedAt = 0;
    for (const { destination, nextHop, since } of routes) {
      const to = this.#numbers.get(destination)!;
      nextHops.set(to, this.#numbers.get(nextHop)!);
      if (before?.get(to) !== nextHops.get(to)) changedAt = Math.max(changedAt, since);
    }
    const now = monotonic();
    const at = changedAt === 0 ? now : Math.min(now, now - (systemClock.wall() - changedAt));
    this.#tables.set(node, nextHops);
    this.#changes.push({ at, node, nextHops });
  }
}
