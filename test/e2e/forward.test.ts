import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../bench/forward/chain.ts';
import { enrolAll, MESH_ONLY, startAll, untilRouted } from '../../bench/rig/parlmesh-network.ts';
import { LocalNode } from '../../daemon/cli/local-node.ts';
import type { RouteView } from '../../daemon/view/route-schema.ts';

const program = resolve(import.meta.dirname, '../../bin/parlmesh');
const MEGABYTE = 1024 * 1024;
const HALF_MEGABYTES = 25;
const NAMES = ['near', 'left', 'right', 'far'];
/** far is reached over left or right. */
const CONNECTIONS: Record<string, string[]> = { near: [], left: ['near'], right: ['near'], far: ['left', 'right'] };

const folder = mkdtempSync(join(tmpdir(), 'parlmesh-forward-'));
const received = { bytes: 0, digest: '', waiting: [] as { bytes: number; reached: () => void }[] };
let server: Server;
let nodes: LocalNode[] = [];
let ids: string[] = [];
let forward: ChildProcess;
let port = 0;

/** Counts and hashes what comes, says the hash when it ends. */
function sink(): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    received.bytes = 0;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      hash.update(data);
      received.bytes += data.length;
      for (const one of received.waiting.filter(({ bytes }) => received.bytes >= bytes)) one.reached();
    });
    socket.on('end', () => socket.end(hash.digest('hex')));
  });
}

const untilReceived = (bytes: number): Promise<void> =>
  new Promise((reached) => received.waiting.push({ bytes, reached }));

/** Sends noise through the forwarded port; resolves to both ends' hashes of it. */
async function push(megabytes: number): Promise<{ sent: string; arrived: string }> {
  received.waiting = [];
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
  const hash = createHash('sha256');
  const sending = (async () => {
    for (let at = 0; at < megabytes; at++) {
      const piece = randomBytes(MEGABYTE);
      hash.update(piece);
      if (!socket.write(piece)) await once(socket, 'drain');
    }
    socket.end();
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  })();
  const arrived = await Promise.race([sending, failed]);
  return { sent: hash.digest('hex'), arrived };
}

const residentMegabytes = ({ pid }: { pid?: number | undefined }): number =>
  (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / MEGABYTE;

async function onTheWay(): Promise<LocalNode> {
  const routes = await nodes[0]!.get<RouteView[]>('routes');
  const { nextHop } = routes.find(({ destination }) => destination === ids[3])!;
  return nodes[ids.indexOf(nextHop)]!;
}

beforeAll(async () => {
  server = sink().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = (server.address() as AddressInfo).port;
  const ports = await freePorts(NAMES.length);
  nodes = NAMES.map(
    (name, index) =>
      new LocalNode({
        name,
        dataDir: join(folder, name),
        settings: {
          ...MESH_ONLY,
          PARLMESH_MESH_LISTEN: `/ip4/127.0.0.1/tcp/${ports[index]}`,
          PARLMESH_MESH_AUTO_DIAL: 'false',
          PARLMESH_MESH_BOOTSTRAP: CONNECTIONS[name]!.map(
            (other) => `/ip4/127.0.0.1/tcp/${ports[NAMES.indexOf(other)]}`,
          ).join(','),
          PARLMESH_MESH_FORWARD_ALLOW: `127.0.0.1:${target}`,
        },
      }),
  );
  ids = await enrolAll(nodes);
  await startAll(nodes);
  await untilRouted(nodes);
  const args = ['forward', '0', `far:${target}`, '-o', 'json', '--data-dir', nodes[0]!.dataDir];
  forward = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of forward.stdout!) {
    said += String(chunk);
    if (said.trimEnd().endsWith('}')) break;
  }
  port = (JSON.parse(said) as { port: number }).port;
}, 120_000);

afterAll(async () => {
  forward?.kill('SIGKILL');
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('parlmesh forward', () => {
  it('carries 50 MB whole, in memory that does not grow with them on any node', { timeout: 180_000 }, async () => {
    const processes = [...nodes, forward];
    const most = processes.map(() => 0);
    const watching = setInterval(() => {
      processes.forEach((one, at) => {
        most[at] = Math.max(most[at]!, residentMegabytes(one));
      });
    }, 100);
    // The first half gives buffers and heaps their size.
    const halves = [await push(HALF_MEGABYTES)];
    const before = most.splice(0, most.length, ...processes.map(() => 0));
    halves.push(await push(HALF_MEGABYTES));
    clearInterval(watching);
    for (const { sent, arrived } of halves) expect(arrived).toBe(sent);
    const growths = most.map((megabytes, at) => megabytes - before[at]!);
    // The heap of a busy process moves by some 25 MB by itself; bench/forward looks at a whole gigabyte.
    expect(Math.max(...growths)).toBeLessThan(1.5 * HALF_MEGABYTES);
  });

  it('goes on over another way when the node on it is killed, nothing lost and nothing doubled', {
    timeout: 180_000,
  }, async () => {
    const killed = await onTheWay();
    const pushing = push(32);
    await untilReceived(6 * MEGABYTE);
    await killed.stop('SIGKILL');
    const { sent, arrived } = await pushing;
    expect(arrived).toBe(sent);
    expect(received.bytes).toBe(32 * MEGABYTE);
    expect((await onTheWay()).name).not.toBe(killed.name);
  });
});
