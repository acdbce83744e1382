import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Standstill, type Vitals, vitalsOf } from '../../../agents/module/standstill.ts';

const verdicts = (...looks: (Vitals | undefined)[]): boolean[] => {
  const standstill = new Standstill();
  return looks.map((look) => standstill.look(look));
};

describe('a process that answers nothing', () => {
  it('stands still when it slept or was stopped at two looks and used no processor between them', () => {
    expect(verdicts({ state: 'T', ticks: 50 }, { state: 'T', ticks: 50 })).toEqual([false, true]);
    expect(verdicts({ state: 'S', ticks: 50 }, { state: 'S', ticks: 51 })).toEqual([false, true]);
  });

  it('does not when it computes, is starved, waits for a disk, or cannot be looked at', () => {
    expect(verdicts({ state: 'S', ticks: 50 }, { state: 'S', ticks: 55 })).toEqual([false, false]);
    expect(verdicts({ state: 'R', ticks: 50 }, { state: 'S', ticks: 50 })).toEqual([false, false]);
    expect(verdicts({ state: 'S', ticks: 50 }, { state: 'D', ticks: 50 })).toEqual([false, false]);
    expect(verdicts({ state: 'S', ticks: 50 }, undefined, { state: 'S', ticks: 50 })).toEqual([false, false, false]);
  });

  it('begins anew once it has answered', () => {
    const standstill = new Standstill();
    standstill.look({ state: 'S', ticks: 1 });
    standstill.forget();
    expect(standstill.look({ state: 'S', ticks: 1 })).toBe(false);
  });
});

describe.skipIf(!existsSync('/proc/self/stat'))('the vitals of a process', () => {
  it('are those of the innermost that it started', async () => {
    const outer = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const [line] = (await once(outer.stdout, 'data')) as [Buffer];
    const inner = Number(line.toString());
    process.kill(inner, 'SIGSTOP');
    try {
      await expect.poll(() => vitalsOf(outer.pid!)?.state).toBe('T');
    } finally {
      process.kill(-outer.pid!, 'SIGKILL');
    }
    await once(outer, 'exit');
    await expect.poll(() => vitalsOf(outer.pid!)).toBeUndefined();
  });
});
