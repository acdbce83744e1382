// One end of a flow of UDP probes, run in a node's namespace. Tells its parent of each probe and each answer.
//
//   udp-probe.ts echo ADDRESS             answers
//   udp-probe.ts send SOURCE DESTINATION  sends one probe every 5 ms

import { createSocket } from 'node:dgram';
import { monotonic } from './processes.ts';
import { PROBE_INTERVAL, PROBE_PORT, type ProbeReport } from './udp-flow.ts';

const REPORT_PERIOD = 50;

const [role, address, destination] = process.argv.slice(2);
const socket = createSocket('udp4');
// A network that is just broken refuses to send: that is a lost probe, not an error.
socket.on('error', () => {});

if (role === 'echo') {
  socket.on('message', (message, from) => socket.send(message, from.port, from.address));
  socket.bind(PROBE_PORT, address);
} else {
  let sequence = 0;
  let report: ProbeReport = { sent: [], answered: [] };
  const send = (): void => {
    const message = Buffer.alloc(64);
    message.writeUInt32BE(sequence);
    report.sent.push([sequence++, monotonic()]);
    socket.send(message, PROBE_PORT, destination);
  };
  socket.on('message', (message) => report.answered.push([message.readUInt32BE(), monotonic()]));
  socket.bind(0, address, () => {
    const began = monotonic();
    // Late timers are made up for: the rate stays what it is called.
    setInterval(() => {
      while (monotonic() - began >= sequence * PROBE_INTERVAL) send();
    }, 1);
    setInterval(() => {
      process.send?.(report);
      report = { sent: [], answered: [] };
    }, REPORT_PERIOD);
  });
}
process.on('disconnect', () => process.exit());
