// Load on a TCP port that leads, in whatever way, to `target.ts`.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { monotonic } from '../rig/processes.ts';

const PIECE = Buffer.alloc(256 * 1024, 'parlmesh ');

async function connected(port: number, role: 'echo' | 'sink', limit: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  const signal = AbortSignal.timeout(limit);
  signal.addEventListener('abort', () => socket.destroy(new Error(`not within ${limit / 1000} s`)));
  await once(socket, 'connect');
  socket.write(role[0]!);
  return socket;
}

/**
 * Sends `bytes` over so many connections at once; resolves to the seconds until the other side has counted them all.
 * @param limit milliseconds
 */
export async function push(port: number, bytes: number, connections: number, limit: number): Promise<number> {
  const began = monotonic();
  const share = Math.floor(bytes / connections);
  await Promise.all(Array.from({ length: connections }, () => pushOne(port, share, limit)));
  return (monotonic() - began) / 1000;
}

async function pushOne(port: number, bytes: number, limit: number): Promise<void> {
  const socket = await connected(port, 'sink', limit);
  const counted = answer(socket);
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (!socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE)) {
      await Promise.race([once(socket, 'drain'), counted]);
    }
  }
  socket.end();
  const count = await counted;
  if (count !== String(bytes)) throw new Error(`${bytes} bytes were sent, the other side counted "${count}"`);
}

async function answer(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Milliseconds that each of some single bytes took there and back, one after the other, over every connection. */
export async function roundTrips(port: number, count: number, connections: number, limit: number): Promise<number[]> {
  const all = Array.from({ length: connections }, () => roundTripsOfOne(port, count / connections, limit));
  return (await Promise.all(all)).flat();
}

async function roundTripsOfOne(port: number, count: number, limit: number): Promise<number[]> {
  const socket = await connected(port, 'echo', limit);
  const times: number[] = [];
  // The first one also waits until the way is open.
  for (let at = 0; at <= count; at++) {
    const sentAt = monotonic();
    socket.write('x');
    await once(socket, 'data');
    if (at > 0) times.push(monotonic() - sentAt);
  }
  socket.destroy();
  return times;
}
