// A child process for `kill.test.ts`: opens the store of the folder it is given, tells the last number it finds, then
// puts one number after the other and tells each once it is acknowledged, until it is killed. With the second argument
// `once` it only opens and closes the store, which leaves Node's compile cache warm.

import { writeSync } from 'node:fs';
import { newStore } from './new-store.ts';

const store = newStore(process.argv[2]!, { flushInterval: 0.005 });
await store.start(new AbortController().signal);
const found = store.state('number');
let number = typeof found === 'number' ? found : 0;
if (process.argv[3] === 'once') {
  await store.stop();
  process.exit();
}
writeSync(1, `found ${number} repaired ${store.events({ kind: 'store.repaired' }).length}\n`);
for (;;) {
  number += 1;
  store.journal.record({ severity: 'info', kind: 'test.number', subject: 'node', message: `${number}` });
  store.saveSnapshot(`n${number % 50}`, new Uint8Array(3000), number);
  await Promise.all([
    store.putState('number', number),
    store.putState(`padding ${number % 40}`, 'x'.repeat(number % 3000)),
  ]);
  writeSync(1, `${number}\n`);
}
