import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../bench/forward/chain.ts';
import { HeldMemory, INSPECTED } from '../../bench/rig/held-memory.ts';
import { enrolAll, MESH_ONLY, startAll, untilRouted } from '../../bench/rig/parlmesh-network.ts';
import { until } from '../../bench/rig/processes.ts';
import { LocalNode } from '../../daemon/cli/local-node.ts';
import type { RouteView } from '../../daemon/view/route-schema.ts';

const program = resolve(import.meta.dirname, '../../bin/parlmesh');
const MEGABYTE = 1024 * 1024;
const WARM_UP_MEGABYTES = 16;
/** What a reader that stands still may make the processes and sockets on the way hold, in all. */
const MOST_UNDER_WAY_MEGABYTES = 20;
const NAMES = ['near', 'left', 'right', 'far'];
/** far is reached over left or right. */
const CONNECTIONS: Record<string, string[]> = { near: [], left: ['near'], right: ['near'], far: ['left', 'right'] };

const folder = mkdtempSync(join(tmpdir(), 'parlmesh-forward-'));
const received = { bytes: 0, waiting: [] as { bytes: number; reached: () => void }[] };
let reader: Socket | undefined;
let server: Server;
let nodes: LocalNode[] = [];
let ids: string[] = [];
let forward: ChildProcess;
let complaint = '';
let port = 0;

/** Counts and hashes what comes, says the hash when it ends. */
function sink(): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    received.bytes = 0;
    reader = socket;
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
          ...INSPECTED,
          // To collect all garbage at once takes a busy machine longer than a cable may be silent.
          PARLMESH_MESH_PRESET: 'wifi',
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
  forward = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...INSPECTED } });
  forward.stderr!.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
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
  it('holds no more after many megabytes than after the first, on any process', { timeout: 180_000 }, async () => {
    const processes = await Promise.all([
      ...nodes.map((node) => HeldMemory.of(() => node.output)),
      HeldMemory.of(() => complaint),
    ]);
    const held = async (): Promise<number[]> => {
      const megabytes = await Promise.all(processes.map((one) => one.megabytes()));
      await untilRouted(nodes);
      return megabytes;
    };
    // Code is compiled, pools and queues have their size after these.
    await push(WARM_UP_MEGABYTES);
    const before = await held();
    const { sent, arrived } = await push(6 * WARM_UP_MEGABYTES);
    const after = await held();
    for (const one of processes) one.close();
    expect(arrived).toBe(sent);
    expect(Math.max(...after.map((megabytes, at) => megabytes - before[at]!))).toBeLessThan(3);
  });

  it('stops who sends while nobody reads, so that nothing piles up on the way', { timeout: 180_000 }, async () => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    socket.on('error', () => {});
    received.bytes = 0;
    const piece = Buffer.alloc(MEGABYTE);
    socket.write(piece);
    await until('the way is open', 30_000, () => received.bytes >= MEGABYTE);
    reader!.pause();
    // Full: the system takes nothing more from us for a second.
    let taken = 0;
    for (let standing = 0; standing < 20; ) {
      if (socket.writableLength === 0) socket.write(piece);
      const now = socket.bytesWritten - socket.writableLength;
      standing = now === taken ? standing + 1 : 0;
      taken = now;
      if (taken - received.bytes > MOST_UNDER_WAY_MEGABYTES * MEGABYTE) break;
      await new Promise((next) => setTimeout(next, 50));
    }
    expect((taken - received.bytes) / MEGABYTE).toBeLessThan(MOST_UNDER_WAY_MEGABYTES);
    reader!.resume();
    const all = socket.bytesWritten;
    socket.end();
    await until('all of it arrives', 60_000, () => received.bytes === all);
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
