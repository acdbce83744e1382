// For programs that write their routes into the kernel: real UDP datagrams take them.

import type { NamespaceRig } from '../rig/namespaces.ts';
import { Running, run, until } from '../rig/processes.ts';
import { interfaceTo, ownAddress } from '../rig/topology.ts';
import { UdpFlow } from '../rig/udp-flow.ts';
import type { RunningSubject } from './subject.ts';

const CONVERGENCE_LIMIT = 120_000;

/** Starts one process a node, waits until both corners reach each other, then starts the flow between them. */
export async function startInKernels(
  rig: NamespaceRig,
  command: (node: number) => Promise<[string, ...string[]]>,
): Promise<RunningSubject> {
  const { nodes, from, to } = rig.topology;
  const processes: Running[] = [];
  for (let node = 0; node < nodes; node++) {
    processes.push(new Running([...rig.inside(node), ...(await command(node))]));
  }
  const path = (): Promise<number[] | undefined> => kernelPath(rig, from, to);
  await until('routes between the corners', CONVERGENCE_LIMIT, async () => {
    return (await path()) !== undefined && (await kernelPath(rig, to, from)) !== undefined;
  });
  const flow = new UdpFlow(rig);
  return {
    probes: (since, till) => flow.probes(since, till),
    path,
    stop: async () => {
      await flow.stop();
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}

/** The way that packets take from kernel to kernel, or undefined where it ends before `to`. */
export async function kernelPath(rig: NamespaceRig, from: number, to: number): Promise<number[] | undefined> {
  const path = [from];
  for (let before: number | undefined; path.at(-1) !== to; ) {
    const at = path.at(-1)!;
    // Asked as the packet would: where several paths are of one cost, its source and destination choose.
    const arriving = before === undefined ? [] : ['iif', interfaceTo(before)];
    const question = ['route', 'get', ownAddress(to), 'from', ownAddress(from), ...arriving];
    const answer = await run(['ip', '-n', rig.namespace(at), ...question]).catch(() => 'unreachable');
    const next = /\bdev e(\d+)/.exec(answer)?.[1];
    if (next === undefined || path.includes(Number(next))) return undefined;
    before = at;
    path.push(Number(next));
  }
  return path;
}
