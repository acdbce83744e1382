// A process that publishes telemetry until it is killed.

import { Bench } from './brokers.ts';

const bench = new Bench({ url: process.argv[2] });
await bench.start();
process.stdout.write('online\n');
setInterval(() => {}, 1_000);
