// Rounds across processes of this machine: a coordinator here, every other node a process with a mesh of its own on loopback;
// training is a wait. Beside a plain coordinator over the same mesh, which asks one node after the other.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../rig/processes.ts';
import { percentile } from '../rig/statistics.ts';
import { coordinatorOf } from './federation-node.ts';
import { measuredRound } from './measured-round.ts';
import { begin, LEAD, makeMeshNode } from './mesh-node.ts';
import { plainRound } from './plain-round.ts';
import { openStore } from './store.ts';

const PEER = join(import.meta.dirname, 'peer.ts');
const JOINED_WITHIN = 120_000;

export interface RealRounds {
  /** Of a round and of a plain one; medians. */
  seconds: number;
  plain: number;
  /** Bytes that the largest node has held in memory. */
  memory: number;
}

export async function realRounds(processes: number, size: number, wait: number, rounds: number): Promise<RealRounds> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parlmesh-federation-'));
  const store = await openStore(dataDir);
  const node = makeMeshNode(LEAD);
  const { coordinator } = coordinatorOf({ ...node, size }, store.federation);
  await begin(node);
  await coordinator.start(new AbortController().signal);
  const children: ChildProcess[] = [];
  try {
    const told: { id: string; pid: number }[] = [];
    // One after the other: on a busy machine so many that enrol at once time out.
    for (let number = 1; number <= processes; number++) {
      const { token } = await node.mesh.createInvite({ expiresIn: JOINED_WITHIN });
      const child = fork(PEER, [`n${number}`, token, String(number), String(size), String(wait)]);
      children.push(child);
      told.push(await joined(child, number));
    }
    const reachable = () => node.network.nodes().filter((other) => other.reachable).length;
    await until(`${processes} nodes know each other`, JOINED_WITHIN, () => reachable() === processes);
    await until('the coordinator has its seat', JOINED_WITHIN, () => node.leadership.seat.kind === 'self');
    const [times, plain]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      times.push((await measuredRound(coordinator, processes)).seconds);
      plain.push(
        await plainRound(
          node.network,
          told.map(({ id }) => id),
          node.keys,
          size,
          store.federation,
        ),
      );
    }
    const memory = Math.max(...told.map(({ pid }) => peakOf(pid)));
    return { seconds: percentile(times, 50), plain: percentile(plain, 50), memory };
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    await coordinator.stop();
    await node.leadership.stop();
    await node.mesh.stop();
    await store.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Rejects when it ends before it has joined. */
async function joined(child: ChildProcess, number: number): Promise<{ id: string; pid: number }> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`node n${number} ended with ${code} before it had joined`);
  });
  const [told] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return told as { id: string; pid: number };
}

/** Bytes. */
function peakOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
