// A child process for `files.test.ts`, which traces its system calls: ten acknowledged writes, each told on stdout.

import { writeSync } from 'node:fs';
import { newStore } from './new-store.ts';

const store = newStore(process.argv[2]!);
await store.start(new AbortController().signal);
for (let i = 0; i < 10; i++) {
  await store.putState('number', i);
  writeSync(1, 'acknowledged\n');
}
await store.stop();
