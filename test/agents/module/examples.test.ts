import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ModuleExecutor } from '../../../agents/module/module-executor.ts';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { taskContext } from '../task-context.ts';
import { moduleFolder, supervisedModules } from './module-folder.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../../docs/examples/agents');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function withExamples() {
  const folder = moduleFolder();
  cleanups.push(folder.remove);
  for (const file of readdirSync(EXAMPLES).filter((one) => one.endsWith('.mjs'))) {
    const name = file.slice(0, -'.mjs'.length);
    const read = (ending: string): string => readFileSync(resolve(EXAMPLES, `${name}.${ending}`), 'utf8');
    folder.add(name, read('mjs'), parse(read('yaml')));
  }
  return folder;
}

describe('the examples of modules', () => {
  it('run with what a node grants by default: the diary of the disk', async () => {
    const folder = withExamples();
    const { start, post, supervisor, logged } = await supervisedModules(folder, 10);
    cleanups.push(() => supervisor.stop());
    expect(await start('disk-diary')).toBe(true);
    const entries = await post.request('module/disk-diary', { last: 5 });
    expect(entries).toEqual([{ at: expect.any(Number), used: expect.any(Number) }]);
    expect(logged.join()).toMatch(/% of the disk is used/);
  });

  it('run with what a node grants by default: the count of words', async () => {
    const tasks = new ModuleExecutor(withExamples().modules, systemClock, silentLogger);
    cleanups.push(() => tasks.close());
    const { context, logged } = taskContext();
    const result = await tasks.run({ module: 'word-count', input: { text: 'to be or not to be' } }, context);
    expect(result).toEqual({ words: 6, most: { to: 2, be: 2, or: 1, not: 1 } });
    expect(logged).toEqual(['6 words, 4 different ones']);
  });
});
