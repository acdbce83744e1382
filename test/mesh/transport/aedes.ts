// A bare Aedes on loopback, without the daemon around it.

import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';

export interface BareBroker {
  broker: Aedes;
  port: number;
  url: string;
  /** Cuts every client off. */
  close(): Promise<void>;
}

/** @param port any free one by default */
export async function aedesOn(port = 0): Promise<BareBroker> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { broker, port: address.port, url: `mqtt://127.0.0.1:${address.port}`, close };
}
