// A node with a mesh on loopback, a store on the disk and a swarm: what of parlmesh a job needs, and nothing else.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { advisor } from '../../agents/parl/advisor.ts';
import { Supervisor } from '../../agents/supervisor.ts';
import { BlobExchange } from '../../agents/swarm/blobs/blob-exchange.ts';
import { BlobStore } from '../../agents/swarm/blobs/blob-store.ts';
import { WaitExecutor } from '../../agents/swarm/executors/wait.ts';
import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import type { JobView } from '../../agents/swarm/job-view.ts';
import { SwarmOrchestrator } from '../../agents/swarm/orchestrator.ts';
import { silentLogger } from '../../core/logger.ts';
import { MeshAgentNetwork } from '../../daemon/agent-network.ts';
import { systemClock, systemRandom } from '../../daemon/clock.ts';
import { relayPolicy } from '../../daemon/remote-nodes.ts';
import { Store } from '../../daemon/store/store.ts';
import { MeshConfig } from '../../mesh/config.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { MemoryState } from '../../mesh/membership/state.ts';
import { Mesh } from '../../mesh/mesh.ts';

export interface SwarmNode {
  mesh: Mesh;
  swarm: SwarmOrchestrator;
  stop(): Promise<void>;
}

const STORE = {
  ...{ maxBytes: 500_000_000, keepDays: 30, auditDays: 365, experienceBytes: 50_000_000 },
  ...{ backupInterval: 86_400, backupsKept: 3, writeBudgetPerHour: 1e9 },
};
const SUPERVISION = { maxRestarts: 5, restartPeriod: 60, heartbeatTimeout: 5, retryDegraded: 300 };

/** @param token of a network to join; without it the node makes its own */
export async function startNode(
  name: string,
  agents: number,
  slotsPerAgent: number,
  token?: string,
): Promise<SwarmNode> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parlmesh-tasks-'));
  const parts = { clock: systemClock, random: systemRandom(), journal: { record: () => {} }, logger: silentLogger };
  const config = Value.Default(MeshConfig, {});
  if (!Value.Check(MeshConfig, config)) throw new Error('the defaults of the mesh settings are not valid');
  const store = new Store({
    ...{ dataDir, config: STORE, flushInterval: 0.02, cacheBytes: 8_000_000 },
    snapshots: { keepDays: 7, maxBytes: 1_000_000 },
    ...{ clock: systemClock, logger: silentLogger },
  });
  const mesh = new Mesh({
    ...parts,
    config: { ...config, listen: ['/ip4/127.0.0.1/tcp/0'], enrolPort: 0, mdns: false, preset: 'wired' },
    ...{ listenIsExplicit: true, key: SigningKey.generate(), name, version: '0.0.0-bench', state: new MemoryState() },
    authorize: relayPolicy([]),
    summary: () => ({ profile: 'generic-x64', load: 0 }),
  });
  const supervisor = new Supervisor({ ...parts, config: SUPERVISION });
  const network = new MeshAgentNetwork(mesh, systemClock);
  const blobs = new BlobStore({ ...parts, dataDir });
  const exchange = new BlobExchange({ ...parts, network, store: blobs });
  const swarm = new SwarmOrchestrator({
    ...{ ...parts, name, network, storage: store.jobs, supervisor },
    blobs: {
      bring: (ref, holders, signal) => exchange.bring(ref, holders, signal),
      read: (ref) => blobs.read(ref),
      write: (bytes, mediaType) => blobs.write(bytes, mediaType),
      hold: (job, refs) => blobs.hold(job, refs),
      release: (job) => blobs.release(job),
    },
    authorizer: { authorize: async () => {} },
    executors: [new WaitExecutor(systemClock), { kind: 'nothing', check: () => {}, run: async () => null }],
    scheduler: () => ({ scheduler: advisor, why: 'it is the packaged one' }),
    config: {
      ...{ work: true, agents: { min: 1, max: agents }, slotsPerAgent, queue: 64, lease: 5, retries: 2, labels: {} },
    },
  });
  const { signal } = new AbortController();
  for (const service of [store, mesh, supervisor, blobs, swarm]) await service.start(signal);
  if (token !== undefined) await mesh.joinNetwork(token);
  return {
    ...{ mesh, swarm },
    stop: async () => {
      for (const service of [swarm, blobs, supervisor, mesh, store]) await service.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Resolves with the end of a job that is submitted now. */
export async function carriedOut({ swarm }: SwarmNode, spec: JobSpec, id: string): Promise<JobView> {
  const ended = new Promise<JobView>((resolve) => {
    const look = (view: JobView): void => {
      if (view.id !== id || view.state === 'running') return;
      swarm.off('job', look);
      resolve(view);
    };
    swarm.on('job', look);
  });
  await swarm.changes.submit(spec, { kind: 'operator', name: 'bench' }, { id });
  return ended;
}
