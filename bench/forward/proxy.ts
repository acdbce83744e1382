// A plain TCP proxy, as small as one gets in Node: what a hop costs at least.
//
//   proxy.ts PORT   prints the port that it listens on; ends with its standard input

import { type AddressInfo, connect, createServer } from 'node:net';

const [port] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  const next = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true, noDelay: true });
  socket.pipe(next).pipe(socket);
  socket.on('error', () => next.destroy());
  next.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit()).resume();
