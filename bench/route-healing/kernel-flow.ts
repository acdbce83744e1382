// For programs that write their routes into the kernel: real UDP datagrams take them.

import type { NamespaceRig } from '../rig/namespaces.ts';
import { Running, run, until } from '../rig/processes.ts';
import { ownAddress } from '../rig/topology.ts';
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

/** The way that the kernels' tables lead, or undefined where they lead nowhere. */
async function kernelPath(rig: NamespaceRig, from: number, to: number): Promise<number[] | undefined> {
  const path = [from];
  while (path.at(-1) !== to) {
    const [, device] =
      /\bdev e(\d+)/.exec(await run(['ip', '-n', rig.namespace(path.at(-1)!), 'route', 'show', ownAddress(to)])) ?? [];
    if (device === undefined || path.includes(Number(device))) return undefined;
    path.push(Number(device));
  }
  return path;
}
