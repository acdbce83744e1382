import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { checkStore } from '../../../daemon/store/offline.ts';
import { folder, openStore } from './open-store.ts';

const CHILD = join(import.meta.dirname, 'acknowledge-until-killed.ts');
const ROUNDS = 50;

function start(compiled: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(process.execPath, [CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Fifty children load the same modules.
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Kills a child once it has acknowledged `writes` numbers; returns what it found and the last it acknowledged. */
async function killDuringWrites(
  child: ChildProcessByStdio<null, Readable, null>,
  writes: number,
): Promise<{ found: string; acknowledged: number }> {
  const exit = once(child, 'exit');
  let found = '';
  let acknowledged = 0;
  let left = writes;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('found')) found = line;
    else acknowledged = Number(line);
    if (!line.startsWith('found')) left -= 1;
    // Everything that was told before the signal came counts, so reading goes on to the end.
    if (left === 0) child.kill('SIGKILL');
  }
  await exit;
  return { found, acknowledged };
}

/** Kills one store's process again and again; returns the last number acknowledged. */
async function killRepeatedly(compiled: string, dataDir: string, rounds: number): Promise<number> {
  let last = 0;
  for (let round = 0; round < rounds; round++) {
    const { found, acknowledged } = await killDuringWrites(start(compiled, dataDir), 1 + ((round * 7) % 23));
    const number = Number(/^found (\d+) repaired 0$/.exec(found)?.[1]);
    // One more may have been committed than was told.
    expect(number).toBeGreaterThanOrEqual(last);
    expect(number).toBeLessThanOrEqual(last + 1);
    last = acknowledged;
  }
  return last;
}

it(`loses nothing acknowledged in ${ROUNDS} kills in the middle of writes, and needs no repair`, {
  timeout: 120_000,
}, async () => {
  const compiled = await folder();
  await once(start(compiled, await folder(), 'once'), 'exit');
  const dataDirs = [await folder(), await folder()];
  // Two stores at a time, one for each core.
  const lasts = await Promise.all(dataDirs.map((dataDir) => killRepeatedly(compiled, dataDir, ROUNDS / 2)));
  for (const [index, dataDir] of dataDirs.entries()) {
    const last = lasts[index]!;
    expect(checkStore(dataDir)).toEqual({ ok: true, problems: [] });
    const store = await openStore(dataDir);
    expect(store.state('number')).toBeGreaterThanOrEqual(last);
    // Events recorded before an acknowledged write are there with it.
    const told = new Set<number>();
    for (let after = 0; ; ) {
      const page = store.events({ after, kind: 'test.number', limit: 1000 });
      if (page.length === 0) break;
      for (const { message } of page) told.add(Number(message));
      after = page.at(-1)!.id;
    }
    for (let number = 1; number <= last; number++) expect(told).toContain(number);
  }
});
