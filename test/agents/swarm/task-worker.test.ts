import { expect, it } from 'vitest';
import type { AgentHost } from '../../../agents/agent.ts';
import type { Assignment, Report } from '../../../agents/swarm/messages.ts';
import type { TaskExecutor } from '../../../agents/swarm/task-executor.ts';
import { TaskWorker } from '../../../agents/swarm/worker/task-worker.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { noBlobs } from './virtual-swarm.ts';

const host: AgentHost = { beat: () => {}, failed: () => {}, load: () => {}, served: () => {} };

it('A worker carries out a further attempt that comes before it knows that the end of the one before was recorded', async () => {
  const attempts: number[] = [];
  const reports: Report[] = [];
  const flaky: TaskExecutor = {
    kind: 'flaky',
    check: () => {},
    run: async (_, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('not this time');
      return 'done';
    },
  };
  const worker = new TaskWorker({
    ...{ self: 'w', agents: { min: 1, max: 1 }, slotsPerAgent: 1, queue: 4, labels: {}, changed: () => {} },
    executors: new Map([['flaky', flaky]]),
    supervisor: {
      add: async ({ create }) => {
        await create().start(host);
        return true;
      },
      remove: async () => {},
    },
    storage: { receipt: () => undefined, putReceipt: async () => {} },
    blobs: noBlobs,
    // The home hears it; its disk is slow.
    report: (_, list) => {
      reports.push(...list);
      return new Promise(() => {});
    },
    ...{ clock: new VirtualClock(), random: seededRandom(1) },
  });
  await worker.start();
  const assignment = (attempt: number): Assignment => ({
    ...{ job: 'j', epoch: 1, task: 0, id: 't', attempt, kind: 'flaky', slots: 1, priority: 5, again: false, blobs: [] },
  });
  const ended = (kind: Report['kind']) => expect.poll(() => reports.some((report) => report.kind === kind)).toBe(true);
  worker.assign('home', [assignment(1)]);
  await ended('failed');
  expect(worker.assign('home', [assignment(1), assignment(2)])).toEqual([]);
  await ended('done');
  expect(attempts).toEqual([1, 2]);
});
