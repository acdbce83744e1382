// What a thread may do that it ought not to.

import { threadId } from 'node:worker_threads';
import type { ThreadOrder } from '../../../agents/pool/thread-pool.ts';

export async function run({ input, port }: ThreadOrder): Promise<unknown> {
  switch (input) {
    case 'id':
      return threadId;
    case 'loop':
      for (;;);
    case 'leak': {
      const all: object[] = [];
      for (;;) all.push({ at: all.length });
    }
    case 'throw':
      throw new Error('no luck');
    case 'exit':
      return process.exit(3);
    case 'wait':
      port.postMessage(0.5);
      return new Promise(() => setInterval(() => {}, 1000));
  }
}
