// What a thread may do that it ought not to.

import { threadId } from 'node:worker_threads';

export async function run(order: 'id' | 'loop' | 'leak' | 'throw' | 'exit' | 'wait'): Promise<unknown> {
  switch (order) {
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
      return new Promise(() => setInterval(() => {}, 1000));
  }
}
