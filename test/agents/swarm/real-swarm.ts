// Real swarms for tests: real mesh on loopback, real SQLite, system time.

import { onTestFinished } from 'vitest';
import { Supervisor } from '../../../agents/supervisor.ts';
import { WaitExecutor } from '../../../agents/swarm/executors/wait.ts';
import { SwarmOrchestrator, type SwarmParts } from '../../../agents/swarm/orchestrator.ts';
import { heft } from '../../../agents/swarm/scheduling/list-schedulers.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { MeshAgentNetwork } from '../../../daemon/agent-network.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { relayPolicy } from '../../../daemon/remote-nodes.ts';
import { folder, openStore } from '../../daemon/store/open-store.ts';
import { type RealNode, realNode, started } from '../../mesh/real-nodes.ts';
import { noBlobs } from './virtual-swarm.ts';

export interface RealSwarmNode {
  node: RealNode;
  swarm: SwarmOrchestrator;
}

/** A node with a mesh, a store and a swarm of its own; in the network of `inviter`, if there is one. */
export async function realSwarmNode(
  name: string,
  {
    inviter,
    config,
    seed = 1,
  }: { inviter?: RealSwarmNode; config?: Partial<SwarmParts['config']>; seed?: number } = {},
): Promise<RealSwarmNode> {
  const node = realNode(name, { authorize: relayPolicy([]) });
  const store = await openStore(await folder());
  const parts = { clock: systemClock, random: seededRandom(seed), journal: { record: () => {} }, logger: silentLogger };
  const supervision = { maxRestarts: 5, restartPeriod: 60, heartbeatTimeout: 5, retryDegraded: 300 };
  const supervisor = new Supervisor({ ...parts, config: supervision });
  const swarm = new SwarmOrchestrator({
    ...parts,
    name,
    network: new MeshAgentNetwork(node.mesh, systemClock),
    storage: store.jobs,
    blobs: noBlobs,
    authorizer: { authorize: async () => {} },
    supervisor,
    executors: [new WaitExecutor(systemClock)],
    scheduler: () => ({ scheduler: heft, why: 'it is the one of this test' }),
    config: {
      work: true,
      agents: { min: 1, max: 2 },
      slotsPerAgent: 2,
      queue: 16,
      lease: 10,
      retries: 2,
      labels: {},
      ...config,
    },
  });
  await started(node);
  if (inviter !== undefined) {
    const { token } = await inviter.node.mesh.createInvite({ expiresIn: 60_000 });
    await node.mesh.joinNetwork(token);
  }
  await supervisor.start(new AbortController().signal);
  await swarm.start(new AbortController().signal);
  onTestFinished(async () => {
    await swarm.stop();
    await supervisor.stop();
    await node.mesh.stop();
  });
  return { node, swarm };
}
