// parlmesh itself: real daemons with links between neighbours only.

import { join } from 'node:path';
import type { LocalNode } from '../../daemon/cli/local-node.ts';
import { systemClock } from '../../daemon/clock.ts';
import type { RouteView } from '../../daemon/view/route-schema.ts';
import type { NamespaceRig } from '../rig/namespaces.ts';
import type { Probe } from '../rig/outage.ts';
import { enrolAll, follow, startAll, untilRouted } from '../rig/parlmesh-network.ts';
import { PROBE_INTERVAL, ProbeProcess } from '../rig/probe-process.ts';
import { monotonic, until } from '../rig/processes.ts';
import { type TableChange, walk, walkProbes } from '../rig/route-walk.ts';
import { ownAddress } from '../rig/topology.ts';
import { UdpFlow } from '../rig/udp-flow.ts';
import { kernelPath } from './kernel-flow.ts';
import { bootstrapOf, daemonsOf, isWhole, storyOf } from './parlmesh-daemons.ts';
import type { RunningSubject, Subject } from './subject.ts';

const SETTLING = 1000;
const CONVERGENCE_LIMIT = 120_000;

/** Pings over parlmesh's own relay, from a node of the mesh in one corner to the daemon in the other. */
export const parlmesh: Subject = {
  name: 'parlmesh',
  flow: 'pings over the relay',
  settling: SETTLING,
  lanes: 1,
  start: async (rig) => {
    const { from, to } = rig.topology;
    const nodes = daemonsOf(rig);
    const ids = await enrolAll(nodes);
    const daemons = nodes.filter((_, node) => node !== from);
    await startAll(daemons);
    const pinging = [process.execPath, join(import.meta.dirname, 'relay-probe.ts')] as const;
    const args = [nodes[from]!.dataDir, bootstrapOf(rig, from), ids[to]!] as const;
    const flow = new ProbeProcess([...rig.inside(from), ...pinging, ...args]);
    await untilRouted(daemons, daemons.length);
    return {
      probes: (since, till) => flow.probes(since, till),
      // As the answers take it: the far corner is asked, and tells the way from there.
      path: async () => {
        const routes = await nodes[to]!.get<RouteView[]>('routes');
        const back = routes.find(({ destination }) => destination === ids[from]);
        return back && [to, ...back.path.map((id) => ids.indexOf(id))].reverse();
      },
      isWhole: () => isWhole(rig, nodes[to]!),
      story: (since, till) => storyOf(daemons, since, till),
      stop: async () => {
        await flow.stop();
        await Promise.all(daemons.map((node) => node.stop('SIGKILL')));
      },
    };
  },
};

/** Datagrams of another program through the kernels, over the routes that the daemons write there. */
export const parlmeshKernel: Subject = {
  name: 'parlmesh, kernel routes',
  flow: 'UDP through the kernels',
  settling: SETTLING,
  lanes: 1,
  start: async (rig) => {
    const { from, to } = rig.topology;
    const nodes = daemonsOf(rig, {
      PARLMESH_MESH_KERNEL_ROUTES_ENABLED: 'true',
      PARLMESH_MESH_KERNEL_ROUTES_PREFIXES: `${ownAddress(0)}/16`,
    });
    await enrolAll(nodes);
    await startAll(nodes);
    await untilRouted(nodes);
    const path = (): Promise<number[] | undefined> => kernelPath(rig, from, to);
    await until('routes in the kernels', CONVERGENCE_LIMIT, async () => {
      return (await path()) !== undefined && (await kernelPath(rig, to, from)) !== undefined;
    });
    const flow = new UdpFlow(rig);
    return {
      probes: (since, till) => flow.probes(since, till),
      path,
      isWhole: () => isWhole(rig, nodes[to]!),
      story: (since, till) => storyOf(nodes, since, till),
      stop: async () => {
        await flow.stop();
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      },
    };
  },
};

/** What would become of probes by the routing tables alone, whatever forwards them. */
export const parlmeshTables: Subject = {
  name: 'parlmesh, routing tables',
  flow: 'walked over the routing tables that the nodes report',
  settling: SETTLING,
  lanes: 1,
  start: async (rig) => {
    const nodes = daemonsOf(rig);
    const ids = await enrolAll(nodes);
    await startAll(nodes);
    await untilRouted(nodes);
    return new RoutesFlow(rig, nodes, ids).start();
  },
};

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

  isWhole(): Promise<boolean> {
    return isWhole(this.#rig, this.#nodes[this.#rig.topology.to]!);
  }

  story(from: number, to: number): Promise<string[]> {
    return storyOf(this.#nodes, from, to);
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
