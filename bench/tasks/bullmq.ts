// BullMQ as a peer program (see peers.ts): a queue and its worker in this process, on the Redis at the port it is given.
// A result counts as there once BullMQ has it in Redis and tells so in this process: no watcher of events is in between.

import { createInterface } from 'node:readline';
import { Queue, Worker } from 'bullmq';

/** As many as parlmesh's node has slots. */
const CONCURRENCY = 64;
/** Jobs that one call adds: thousands in one go keep Redis from working on any of them meanwhile. */
const BULK = 1000;

const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null };
const queue = new Queue('bench', { connection });
const worker = new Worker('bench', async () => null, { connection, concurrency: CONCURRENCY });
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
let numbered = 0;
let onCompleted: (id: string) => void = () => {};
worker.on('completed', ({ id }) => onCompleted(id!));

/** Resolves once the jobs that `add` adds, `count` of them, are completed. */
async function completed(count: number, add: () => Promise<unknown>): Promise<void> {
  const all = new Promise<void>((done) => {
    let left = count;
    onCompleted = () => {
      if (--left === 0) done();
    };
  });
  await add();
  await all;
}

const job = () => ({ name: 'nothing', data: {}, opts: { jobId: `bench-${++numbered}`, removeOnComplete: true } });

/** Milliseconds for all of them. */
async function many(count: number): Promise<number> {
  const began = performance.now();
  await completed(count, async () => {
    for (let added = 0; added < count; added += BULK) {
      await queue.addBulk(Array.from({ length: Math.min(BULK, count - added) }, job));
    }
  });
  return performance.now() - began;
}

/** Milliseconds of each, one after the other. */
async function single(count: number): Promise<number[]> {
  const each: number[] = [];
  for (let index = 0; index < count; index++) {
    const { name, data, opts } = job();
    const began = performance.now();
    await completed(1, () => queue.add(name, data, opts));
    each.push(performance.now() - began);
  }
  return each;
}

console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ');
  console.log(JSON.stringify(what === 'many' ? await many(Number(count)) : await single(Number(count))));
}
await worker.close();
await queue.close();
process.exit(0);
