// What the connections of the bench lead to. The first byte of a connection says what it does: `echo` sends back what
// comes, `sink` counts it and answers with the count when it ends. Prints its port; ends with its standard input.

import { type AddressInfo, createServer } from 'node:net';

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  let received = -1;
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    if (first[0] === 'e'.charCodeAt(0)) {
      socket.write(first.subarray(1));
      socket.pipe(socket);
      return;
    }
    received += first.length;
    socket.on('data', (data) => {
      received += data.length;
    });
    socket.on('end', () => socket.end(String(received)));
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit()).resume();
