import { afterEach, describe, expect, it } from 'vitest';
import { ModuleExecutor } from '../../../agents/module/module-executor.ts';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { taskContext } from '../task-context.ts';
import { moduleFolder } from './module-folder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function executor(settings: Parameters<typeof moduleFolder>[0] = {}) {
  const folder = moduleFolder(settings);
  const tasks = new ModuleExecutor(folder.modules, systemClock, silentLogger);
  cleanups.push(folder.remove, () => tasks.close());
  return { ...folder, tasks };
}

describe('a module task', () => {
  it('runs what the module exports, with progress, log and the key of the task', async () => {
    const { tasks, add } = executor();
    add(
      'work',
      `export async function run(input, context) {
         context.progress(0.5); context.log('at ' + context.task + ' ' + context.key);
         return { twice: input.n * 2, attempt: context.attempt };
       }`,
    );
    const { context, logged, progress } = taskContext();
    expect(await tasks.run({ module: 'work', input: { n: 21 } }, context)).toEqual({ twice: 42, attempt: 1 });
    expect(logged).toEqual(['at task-1 key-1']);
    expect(progress).toEqual([0.5]);
  });

  it('is counted with its process and with what it was not granted', async () => {
    const { tasks, add, modules } = executor();
    add('curious', `export async function run() { (await import('node:fs')).readFileSync('/etc/hostname'); }`);
    const { context } = taskContext();
    await expect(tasks.run({ module: 'curious' }, context)).rejects.toMatchObject({ code: 'MODULE_PERMISSION' });
    expect(modules.figures()).toEqual({ running: 1, opened: 1, denied: 1 });
    await tasks.close();
    expect(modules.figures()).toEqual({ running: 0, opened: 1, denied: 1 });
  });

  it('reuses the process of the task before', async () => {
    const { tasks, add } = executor();
    add('counter', `let runs = 0; export function run() { return [process.pid, ++runs]; }`);
    const run = () => tasks.run({ module: 'counter' }, taskContext().context) as Promise<number[]>;
    const [pid] = await run();
    expect(await run()).toEqual([pid, 2]);
    expect(await Promise.all([run(), run()])).toEqual([
      [pid, 3],
      [pid, 4],
    ]);
  });

  it('reads and keeps blobs', async () => {
    const { tasks, add } = executor();
    add(
      'blobs',
      `export async function run(ref, context) {
         const bytes = await context.readBlob(ref);
         return context.writeBlob(Buffer.concat([bytes, bytes]), 'text/plain');
       }`,
    );
    const { context, blobs } = taskContext();
    const ref = await context.writeBlob(Buffer.from('ab'));
    expect(await tasks.run({ module: 'blobs', input: ref }, context)).toMatchObject({
      bytes: 4,
      mediaType: 'text/plain',
    });
    expect([...blobs.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual(['ab', 'abab']);
  });

  it('fails with what the module threw, and with a result that is too large', async () => {
    const { tasks, add } = executor();
    add('bad', `export function run(input) { if (input) return 'x'.repeat(20000); throw new Error('no luck'); }`);
    const { context } = taskContext();
    await expect(tasks.run({ module: 'bad' }, context)).rejects.toMatchObject({ message: 'no luck' });
    await expect(tasks.run({ module: 'bad', input: 1 }, context)).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
  });

  it('can never work without run(), without the module or without input that says which', async () => {
    const { tasks, add } = executor();
    add('idle', `export function start() {}`);
    const { context } = taskContext();
    await expect(tasks.run({ module: 'idle' }, context)).rejects.toMatchObject({ code: 'TASK_INPUT_INVALID' });
    await expect(tasks.run({ module: 'nowhere' }, context)).rejects.toMatchObject({ code: 'MODULE_UNKNOWN' });
    await expect(tasks.run({ module: '../idle' }, context)).rejects.toMatchObject({ code: 'MODULE_UNKNOWN' });
    expect(() => tasks.check({ input: 1 })).toThrow(expect.objectContaining({ code: 'TASK_INPUT_INVALID' }));
    tasks.check({ module: 'idle', input: { $result: 'before' } });
  });

  it('ends when it is cancelled, and is killed when it does not listen', async () => {
    const { tasks, add } = executor();
    add(
      'long',
      `export function run(input, { signal, log }) {
         log('began');
         if (input === 'deaf') for (;;);
         return new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
       }`,
    );
    for (const input of ['listens', 'deaf', 'listens']) {
      const abort = new AbortController();
      const { context } = taskContext(abort.signal);
      const began = Promise.withResolvers<void>();
      const ran = tasks.run({ module: 'long', input }, { ...context, log: () => began.resolve() });
      await began.promise;
      abort.abort(new Error('taken back'));
      await expect(ran).rejects.toThrow('taken back');
    }
  });

  it('ends after the longest time that a run may take', async () => {
    const { tasks, add } = executor({ longestRun: 1 });
    add('slow', `export function run() { return new Promise(() => setInterval(() => {}, 1000)); }`);
    await expect(tasks.run({ module: 'slow' }, taskContext().context)).rejects.toMatchObject({
      code: 'MODULE_TIMED_OUT',
    });
  });

  it('fails soon when its process stands still, and not when it computes', async () => {
    const { tasks, add } = executor();
    add(
      'still',
      `export function run(input) {
         if (input === 'waits') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
         for (const end = performance.now() + 1500; performance.now() < end; );
         return 'computed';
       }`,
    );
    const { context } = taskContext();
    expect(await tasks.run({ module: 'still', input: 'computes' }, context)).toBe('computed');
    await expect(tasks.run({ module: 'still', input: 'waits' }, context)).rejects.toMatchObject({
      code: 'MODULE_HUNG',
    });
  });

  it('that takes its process down fails, and the next one has a fresh process', async () => {
    const { tasks, add } = executor();
    add('fragile', `export function run(input) { if (input) process.exit(9); return 'fine'; }`);
    const { context } = taskContext();
    await expect(tasks.run({ module: 'fragile', input: 1 }, context)).rejects.toMatchObject({ code: 'MODULE_EXITED' });
    expect(await tasks.run({ module: 'fragile' }, context)).toBe('fine');
  });
});
