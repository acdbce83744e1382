// A node of the mesh, run in a namespace, that pings another over the relay every 5 ms and reports to its parent.
//
//   relay-probe.ts DATA_DIR BOOTSTRAP,… DESTINATION_ID

import { loadIdentity } from '../../daemon/security/identity.ts';
import { NetworkFiles } from '../../daemon/security/network.ts';
import { realNode, started } from '../../test/mesh/real-nodes.ts';
import { PROBE_INTERVAL, ProbeReporter } from '../rig/probe-process.ts';
import { monotonic } from '../rig/processes.ts';

/** Milliseconds: how long an answer is waited for. */
const PING_LIMIT = 2000;

const [dataDir, bootstrap, destination] = process.argv.slice(2);
if (dataDir === undefined || bootstrap === undefined || destination === undefined)
  throw new Error('see the first lines');
const { mesh } = await started(
  realNode('n0', {
    key: await loadIdentity(dataDir),
    state: new NetworkFiles(dataDir),
    config: { listen: ['/ip4/0.0.0.0/tcp/7421'], bootstrap: bootstrap.split(',') },
  }),
);
const reporter = new ProbeReporter();
const began = monotonic();
let sequence = 0;
setInterval(() => {
  while (monotonic() - began >= sequence * PROBE_INTERVAL) ping(sequence++);
}, PROBE_INTERVAL);

function ping(number: number): void {
  reporter.sent(number, monotonic());
  mesh.relay.ping(destination!, PING_LIMIT).then(
    () => reporter.answered(number, monotonic()),
    // No route, no room, no answer: a lost probe.
    () => {},
  );
}
