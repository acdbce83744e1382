// `parlmesh forward`: a connection on the Unix socket becomes one to a TCP port of another node. Whoever may use the
// socket is the operator; over TCP there is no such door.

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { joinStreams } from '../join-streams.ts';
import type { RemoteNodes } from '../remote-nodes.ts';

export const FORWARD_PROTOCOL = 'parlmesh-forward';
export const FORWARD_PATH = '/api/v3/relay/forward';

/** @returns ends the connections that are open */
export function serveForwards(server: Server, remote: Pick<RemoteNodes, 'connect'>): () => void {
  const open = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    if ('setTimeout' in socket && typeof socket.setTimeout === 'function') socket.setTimeout(0);
    void upgrade(request, socket, head, remote);
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  remote: Pick<RemoteNodes, 'connect'>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const [node, target] = [searchParams.get('node'), searchParams.get('target')];
  if (pathname !== FORWARD_PATH || request.headers.upgrade !== FORWARD_PROTOCOL || node === null || target === null) {
    return refuse(socket, '404 Not Found', { detail: 'There is nothing to upgrade to here' });
  }
  try {
    const stream = await remote.connect(node, target);
    if (socket.destroyed) return void stream.destroy();
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${FORWARD_PROTOCOL}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    joinStreams(socket, stream);
  } catch (error) {
    const { code, hint } = error instanceof ParlmeshError ? error : { code: 'RELAY_FAILED', hint: undefined };
    refuse(socket, '502 Bad Gateway', { code, detail: messageOf(error), ...(hint !== undefined && { hint }) });
  }
}

function refuse(socket: Duplex, status: string, problem: Record<string, string>): void {
  const body = JSON.stringify(problem);
  const length = Buffer.byteLength(body);
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
}
