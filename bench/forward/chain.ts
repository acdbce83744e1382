// The two subjects: nodes in a row with `parlmesh forward` at the first, and plain TCP proxies in a row.

import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { LocalNode } from '../../daemon/cli/local-node.ts';
import { dataDirOf, enrolAll, MESH_ONLY, startAll, untilRouted } from '../rig/parlmesh-network.ts';
import { Running } from '../rig/processes.ts';

const PARLMESH = resolve(import.meta.dirname, '../../bin/parlmesh');

/** A way to the target. */
export interface Way {
  port: number;
  /** Of every process on it. */
  pids: number[];
}

export interface Chain {
  readonly name: string;
  /** The way over so many hops. */
  to(hops: number): Promise<Way>;
  stop(): Promise<void>;
}

/** A program of this folder that prints the port it listens on. */
export async function serving(program: string, ...args: string[]): Promise<{ running: Running; port: number }> {
  const running = new Running([process.execPath, join(import.meta.dirname, program), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { running, port: Number(await firstLine(running)) };
}

async function firstLine({ child }: Running): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    // Whoever prints more must not be stopped by a full pipe.
    child.stdout!.resume();
    return line;
  }
  throw new Error(`${child.spawnargs.join(' ')} ended before it listened`);
}

export async function parlmeshChain(hops: number, target: number): Promise<Chain> {
  const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-forward-'));
  const ports = await freePorts(hops + 1);
  const nodes = ports.map(
    (port, index) =>
      new LocalNode({
        name: `n${index}`,
        dataDir: dataDirOf(scratch, index),
        settings: {
          ...MESH_ONLY,
          PARLMESH_MESH_LISTEN: `/ip4/127.0.0.1/tcp/${port}`,
          PARLMESH_MESH_AUTO_DIAL: 'false',
          PARLMESH_MESH_BOOTSTRAP: index === 0 ? '' : `/ip4/127.0.0.1/tcp/${ports[index - 1]}`,
          PARLMESH_MESH_FORWARD_ALLOW: `127.0.0.1:${target}`,
        },
      }),
  );
  const forwards: Running[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(forwards.map((one) => one.stop()));
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    await enrolAll(nodes);
    await startAll(nodes);
    await untilRouted(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'parlmesh',
    to: async (distance) => {
      const [first] = nodes;
      const args = ['forward', '0', `n${distance}:${target}`, '-o', 'json', '--data-dir', first!.dataDir] as const;
      const forward = new Running([PARLMESH, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      forwards.push(forward);
      const pids = [forward.child.pid!, ...nodes.slice(0, distance + 1).map(({ pid }) => pid!)];
      return { port: (JSON.parse(await jsonOf(forward)) as { port: number }).port, pids };
    },
    stop,
  };
}

/** What a command prints first: one JSON document over several lines. */
async function jsonOf({ child }: Running): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) return text;
  }
  throw new Error(`${child.spawnargs.join(' ')} ended before it listened`);
}

/** As many processes on the way as there are nodes on the other one. */
export async function proxyChain(hops: number, target: number): Promise<Chain> {
  const proxies: { running: Running; port: number }[] = [];
  for (let index = 0; index <= hops; index++) {
    proxies.push(await serving('proxy.ts', String(proxies.at(-1)?.port ?? target)));
  }
  return {
    name: 'plain TCP proxies',
    to: async (distance) => {
      const way = proxies.slice(0, distance + 1);
      return { port: way.at(-1)!.port, pids: way.map(({ running }) => running.child.pid!) };
    },
    stop: async () => void (await Promise.all(proxies.map(({ running }) => running.stop('SIGKILL')))),
  };
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((done) => server.once('listening', () => done((server.address() as AddressInfo).port))),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
