// `parlmesh demo`: a network of real nodes on this machine, on loopback, with rendered cameras. Leaves nothing behind.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { chaosUntil } from './demo-chaos.ts';
import { joinNetworkOf, LocalNode } from './local-node.ts';

export interface DemoOptions {
  /** How many nodes, 1 to 20. */
  nodes: number;
  /** Port of the first node's page; 0 takes any free one. */
  port: number;
  /** Kill and restart a random node (never the first) every so many seconds; 0 does not. */
  faultEvery: number;
  /** Inject a random fault into a random node every so many seconds; 0 does not. */
  chaosEvery: number;
  write(line: string): void;
}

/** Of a machine that is busy with other things. */
const READY_WITHIN_MS = 120_000;
/** A node lets few strangers knock at the same time. */
const JOINS_AT_ONCE = 4;

const NAMES = ['north', 'south', 'east', 'west', 'harbour', 'ridge', 'barn', 'mill', 'quarry', 'orchard'];
const nameOf = (index: number): string => NAMES[index] ?? `node${index + 1}`;

/** Runs until `signal` aborts, then stops every node and removes their folders. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'parlmesh-demo-'));
  const nodes = Array.from({ length: options.nodes }, (_, index) => demoNode(folder, index, options.port));
  try {
    const began = performance.now();
    options.write(`starting ${nodes.length} nodes …`);
    for (const node of nodes) node.start();
    const [first, ...others] = nodes as [LocalNode, ...LocalNode[]];
    const firstReady = first.ready(READY_WITHIN_MS);
    const waiting = [...others];
    // Most of a join is waiting: one after the other took longer than all the rest.
    const joined = Array.from({ length: JOINS_AT_ONCE }, async () => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
        await Promise.all([firstReady, node.ready(READY_WITHIN_MS)]);
        await joinNetworkOf(first, node);
      }
    });
    await untilAborted(Promise.all([firstReady, ...joined]), signal);
    await untilAborted(untilRoutes(first, others.length), signal);
    const { addresses } = await first.get<{ addresses: { page: string[]; broker?: string } }>('node');
    options.write(
      `${nodes.length} nodes run as one network after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    options.write(`page:   ${addresses.page[0]}`);
    if (addresses.broker !== undefined) options.write(`broker: ${addresses.broker}`);
    options.write(`ask:    parlmesh status --data-dir ${first.dataDir}`);
    options.write('Ctrl-C ends it and removes everything.');
    const chaos = options.chaosEvery > 0 ? chaosUntil(signal, nodes, options.chaosEvery, options.write) : undefined;
    await Promise.all([faultsUntil(signal, others, options), chaos]);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
    options.write('demo ended; nothing is left behind');
  }
}

function demoNode(folder: string, index: number, firstPort: number): LocalNode {
  const name = nameOf(index);
  const scene = index % 2 === 0 ? 'street' : 'desk';
  return new LocalNode({
    name,
    dataDir: join(folder, name),
    settings: {
      PARLMESH_CHAOS_ENABLED: 'true',
      PARLMESH_CAMERAS: JSON.stringify([
        { name: `${name}-cam`, source: `rendered:?scene=${scene}&seed=${index + 1}`, framesPerSecond: 1 },
      ]),
      ...(index === 0 ? { PARLMESH_HTTP_PORT: String(firstPort) } : {}),
    },
  });
}

async function untilRoutes(node: LocalNode, count: number): Promise<void> {
  const end = performance.now() + 30_000;
  while ((await node.get<unknown[]>('routes')).length < count) {
    if (performance.now() > end)
      throw new ParlmeshError('DEMO_NO_ROUTES', `${node.name} found no routes to the other nodes`);
    await sleep(50);
  }
}

/** Kills and restarts nodes now and then, so that the mesh can be watched healing. */
async function faultsUntil(signal: AbortSignal, victims: LocalNode[], options: DemoOptions): Promise<void> {
  if (options.faultEvery === 0 || victims.length === 0) return aborted(signal);
  for (let round = 0; ; round++) {
    const victim = victims[round % victims.length]!;
    try {
      await sleep(options.faultEvery * 1000, undefined, { signal });
      options.write(`fault: ${victim.name} is killed`);
      await victim.stop('SIGKILL');
      await sleep(5_000, undefined, { signal });
      victim.start();
      await victim.ready();
      options.write(`fault: ${victim.name} is back`);
    } catch (thrown) {
      if (signal.aborted) return;
      options.write(`fault: ${victim.name}: ${messageOf(thrown)}`);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

/** The result of `work`, unless the signal aborts first. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const abort = aborted(signal).then(() => {
    throw new ParlmeshError('DEMO_ENDED', 'the demo was ended while it started');
  });
  work.catch(() => {});
  return Promise.race([work, abort]);
}
