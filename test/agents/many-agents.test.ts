import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Checker } from '../../agents/kinds/checker.ts';
import { type Clock, VirtualClock } from '../../core/clock.ts';
import { seededRandom } from '../../core/random.ts';
import { settle, supervise } from './scripted-agent.ts';

const AGENTS = 100;

/** A virtual clock that knows how many timers wait. */
function countingClock() {
  const inner = new VirtualClock();
  let waiting = 0;
  const counted = (timer: { cancel(): void }) => {
    let live = true;
    waiting++;
    const end = (): void => {
      if (live) waiting--;
      live = false;
    };
    return {
      end,
      timer: {
        cancel: () => {
          end();
          timer.cancel();
        },
      },
    };
  };
  const clock: Clock = {
    now: () => inner.now(),
    wall: () => inner.wall(),
    after: (delay, run) => {
      const handle = counted(
        inner.after(delay, () => {
          handle.end();
          run();
        }),
      );
      return handle.timer;
    },
    every: (period, run) => counted(inner.every(period, run)).timer,
  };
  return { clock, inner, waiting: () => waiting };
}

function collectGarbage(): number {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
  return process.memoryUsage().heapUsed;
}

describe('a hundred agents on a node', () => {
  it('cost a few timers and some kilobytes each, are quickly listed, and leave nothing behind', async () => {
    const { clock, inner, waiting } = countingClock();
    const { supervisor, journal, kinds } = supervise({ clock });
    await supervisor.start(new AbortController().signal);
    const before = collectGarbage();
    for (let at = 0; at < AGENTS; at++) {
      const id = `http/${at}`;
      const rule = { kind: 'check', subject: `agent/${id}`, what: id, failures: 2, recoveries: 2 };
      await supervisor.add({
        id,
        create: () =>
          new Checker({
            ...{ id, kind: 'http-checker', action: 'http.check', interval: 60_000, timeout: 10_000, rule },
            ...{ probe: async () => {}, journal: { record: (entry) => journal.push(entry) }, clock },
            random: seededRandom(at),
          }),
      });
    }
    for (let second = 0; second < 120; second++) {
      inner.advance(1_000);
      await settle();
    }
    expect(kinds()).toEqual([]);
    expect(waiting()).toBeLessThanOrEqual(3 * AGENTS);
    expect((collectGarbage() - before) / AGENTS).toBeLessThan(30_000);

    const began = performance.now();
    for (let time = 0; time < 100; time++) expect(supervisor.agents()).toHaveLength(AGENTS);
    // Some 0.1 ms each; a loaded machine is slower.
    expect((performance.now() - began) / 100).toBeLessThan(20);

    await supervisor.stop();
    expect(waiting()).toBe(0);
  });
});
