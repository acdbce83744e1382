// A swarm across processes: one node in this process, the others in processes of their own, all of one network on loopback.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type SwarmNode, startNode } from '../tasks/swarm-node.ts';
import { until } from './processes.ts';

const PEER = join(import.meta.dirname, '../tasks/peer.ts');
const JOINED_WITHIN = 120_000;

export interface SwarmProcesses {
  /** The one in this process. */
  node: SwarmNode;
  stop(): Promise<void>;
}

/** Resolves when all know each other. */
export async function startSwarm(
  processes: number,
  { agents, slotsPerAgent }: { agents: number; slotsPerAgent: number },
): Promise<SwarmProcesses> {
  const node = await startNode('n0', agents, slotsPerAgent);
  const tokens: string[] = [];
  for (let index = 1; index < processes; index++) {
    tokens.push((await node.mesh.createInvite({ expiresIn: JOINED_WITHIN })).token);
  }
  const children = tokens.map((token, index) =>
    fork(PEER, [`n${index + 1}`, token, String(agents), String(slotsPerAgent)]),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const reachable = () => node.swarm.window.swarm().workers.filter((worker) => worker.reachable).length;
  await until(`${processes} nodes know each other`, JOINED_WITHIN, () => reachable() === processes);
  return {
    node,
    stop: async () => {
      for (const child of children) child.disconnect();
      await node.stop();
    },
  };
}
