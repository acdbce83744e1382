// Five real daemons on loopback into which faults may be injected, two of them with a camera, each with its data on a small disk
// of its own where this user may mount one.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { IncidentView } from '../../agents/mapek/incident.ts';
import type { ChaosView, InjectionView } from '../../daemon/chaos/view.ts';
import { joinNetworkOf, LocalNode } from '../../daemon/cli/local-node.ts';
import type { PeerView } from '../../daemon/view/schema.ts';
import { until, within } from '../rig/processes.ts';
import { note } from '../rig/report.ts';
import type { RunningNode } from './network.ts';

const READY_WITHIN = 240_000;
const CAMERAS = 1;
/** Megabytes: what a node keeps within the runs here, several times. */
const DISK = 160;

export class ChaosNetwork {
  readonly nodes: RunningNode[] = [];
  readonly #scratch = mkdtempSync(join(tmpdir(), 'parlmesh-faults-'));
  readonly #mounts: string[] = [];
  #started: LocalNode[] = [];

  /** @param mode of the self-healing. Budgets are lifted: the trials of an hour are more than what happens in one. */
  async start(count: number, mode: 'repair' | 'off'): Promise<void> {
    const config = join(this.#scratch, 'parlmesh.yaml');
    const budgets = { actionsPerSubject: 100, actionsPerNode: 1000, stormActions: 1000 };
    writeFileSync(
      config,
      stringify({
        chaos: { enabled: true, mostSeconds: 300 },
        mapek: { mode, relapseWithin: 5, ...budgets },
        swarm: { speed: 1 },
        hardware: { interval: 2 },
      }),
    );
    const nodes = Array.from({ length: count }, (_, index) => {
      const name = `n${index}`;
      const dataDir = this.#disk(name);
      const camera = { name: `cam${index}`, source: `rendered:?scene=street&seed=${index + 1}`, framesPerSecond: 1 };
      const cameras: Record<string, string> = index < CAMERAS ? { PARLMESH_CAMERAS: JSON.stringify([camera]) } : {};
      return new LocalNode({ name, dataDir, config, settings: { PARLMESH_LOG_LEVEL: 'error', ...cameras } });
    });
    this.#started = nodes;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void this.stop().finally(() => process.exit(1)));
    }
    for (const node of nodes) node.start();
    await Promise.all(nodes.map((node) => node.ready(READY_WITHIN)));
    for (const node of nodes.slice(1)) await joined(nodes[0]!, node);
    for (const node of nodes) {
      await until(`${node.name} says who it is`, READY_WITHIN, async () => {
        const { id } = await node.get<{ id: string }>('node');
        return this.nodes.push({ node, id }) > 0;
      });
    }
    await this.whole();
  }

  /** Resolves when each node has a route to each other. */
  async whole(): Promise<void> {
    for (const { node } of this.nodes) {
      await until(`${node.name} reaches all nodes`, READY_WITHIN, async () => {
        const routes = await node.get<unknown[]>('routes').catch(() => []);
        return routes.length >= this.nodes.length - 1;
      });
    }
  }

  /** Lets in again whom a trial had shut out: nothing but people does. */
  async readmit(): Promise<void> {
    for (const { node } of this.nodes) {
      const peers = await node.get<PeerView[]>('peers').catch(() => []);
      for (const { id, shutOut } of peers) if (shutOut !== undefined) await node.post(`peers/${id}/readmit`, {});
    }
  }

  chaos({ node }: RunningNode): Promise<ChaosView> {
    return node.get<ChaosView>('chaos');
  }

  inject({ node }: RunningNode, fault: string, target: string | undefined, seconds: number): Promise<InjectionView> {
    return node.post<InjectionView>('chaos', { fault, ...(target !== undefined && { target }), seconds });
  }

  async calm({ node }: RunningNode): Promise<void> {
    await node.request('DELETE', '/api/v3/chaos');
  }

  /** Of all nodes that answer in time, those opened since. */
  async incidents(since: number, patience = 2_000): Promise<IncidentView[]> {
    const all = await Promise.all(
      this.nodes.map(({ node }) => within(patience, node.get<IncidentView[]>('incidents?limit=100'))),
    );
    return all.flatMap((incidents) => incidents ?? []).filter(({ seenAt }) => seenAt >= since);
  }

  async stop(): Promise<void> {
    // One that is stopped by a signal would not end in order.
    await Promise.all(this.#started.map((node) => node.stop('SIGKILL')));
    for (const mount of this.#mounts) {
      try {
        execFileSync('umount', ['-l', mount]);
      } catch {
        note(`${mount} could not be unmounted`);
      }
    }
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  #disk(name: string): string {
    const path = join(this.#scratch, name);
    mkdirSync(path);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}m`, 'tmpfs', path], { stdio: 'pipe' });
      this.#mounts.push(path);
    } catch {
      note(`${name} has no disk of its own: disk-full cannot be injected`);
    }
    return path;
  }
}

/** An answer may be lost on a busy machine though it was done. */
function joined(inviter: LocalNode, node: LocalNode): Promise<void> {
  const networkOf = async (of: LocalNode): Promise<string> => (await of.get<{ id: string }>('network')).id;
  return until(`${node.name} joins`, READY_WITHIN, async () => {
    if ((await networkOf(node)) === (await networkOf(inviter))) return true;
    await joinNetworkOf(inviter, node);
    return true;
  });
}
