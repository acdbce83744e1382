// One end of a flow of UDP probes, run in a node's namespace.
//
//   udp-probe.ts echo ADDRESS             answers
//   udp-probe.ts send SOURCE DESTINATION  sends one probe every 5 ms and reports to its parent

import { createSocket } from 'node:dgram';
import { PROBE_INTERVAL, ProbeReporter } from './probe-process.ts';
import { monotonic } from './processes.ts';

const PORT = 7007;

const [role, address, destination] = process.argv.slice(2);
const socket = createSocket('udp4');
// A network that is just broken refuses to send: that is a lost probe, not an error.
socket.on('error', () => {});

if (role === 'echo') {
  socket.on('message', (message, from) => socket.send(message, from.port, from.address));
  socket.bind(PORT, address);
} else {
  const reporter = new ProbeReporter();
  let sequence = 0;
  const send = (): void => {
    const message = Buffer.alloc(64);
    message.writeUInt32BE(sequence);
    reporter.sent(sequence++, monotonic());
    socket.send(message, PORT, destination);
  };
  socket.on('message', (message) => reporter.answered(message.readUInt32BE(), monotonic()));
  socket.bind(0, address, () => {
    const began = monotonic();
    // Late timers are made up for: the rate stays what it is called.
    setInterval(() => {
      while (monotonic() - began >= sequence * PROBE_INTERVAL) send();
    }, PROBE_INTERVAL);
  });
}
