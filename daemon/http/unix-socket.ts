// Listening on a Unix socket: the socket file that a crashed daemon left behind is taken over, a living one is not.

import { unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { ParlmeshError } from '../../core/errors.ts';

/** The kernel's limit (`sun_path`), less the final zero. */
const LONGEST_PATH = 107;
/** Owner and group may connect. */
const UMASK = 0o117;

export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new ParlmeshError(
      'HTTP_SOCKET_PATH_INVALID',
      `The socket path is longer than ${LONGEST_PATH} bytes: ${path}`,
      {
        hint: 'Choose a shorter --data-dir',
      },
    );
  }
  if (await isServed(path)) {
    throw new ParlmeshError('HTTP_SOCKET_IN_USE', `Another daemon serves ${path}`, { hint: 'parlmesh status' });
  }
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The file is made within this call: there is no moment at which others could connect.
    const umask = process.umask(UMASK);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
    process.umask(umask);
  });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
