// Entries of job logs: whatever is written is read again; what nobody wrote is not.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntry, writeEntry } from '../../../agents/swarm/entry-text.ts';
import type { JobEvent } from '../../../agents/swarm/job-event.ts';

const finished = (task: number, more: object = {}): JobEvent => ({
  ...{ kind: 'finished', task, attempt: 1, node: 'node-b', why: 'fifo: node-b is free', log: [] },
  ...{ placedAt: 1_000, startedAt: 1_010, endedAt: 1_050 },
  ...more,
});

const time = fc.integer({ min: 0, max: 2e12 });
const events: fc.Arbitrary<JobEvent> = fc.oneof(
  fc.record(
    {
      ...{ kind: fc.constant('finished' as const), task: fc.nat(5000), attempt: fc.integer({ min: 1, max: 9 }) },
      ...{ node: fc.constantFrom('a', 'b', 'c'), why: fc.constantFrom('free', 'fast', '') },
      ...{
        placedAt: time,
        startedAt: time,
        endedAt: time,
        log: fc.array(fc.string({ maxLength: 9 }), { maxLength: 3 }),
      },
      result: fc.jsonValue(),
    },
    { requiredKeys: ['kind', 'task', 'attempt', 'node', 'why', 'placedAt', 'startedAt', 'endedAt', 'log'] },
  ),
  fc.record({ kind: fc.constant('cancelled' as const), at: time, by: fc.string({ maxLength: 9 }) }),
  fc.record({ kind: fc.constant('came-back' as const), at: time, node: fc.constantFrom('a', 'b') }),
);

describe('an entry of a job log', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 40 }), (list) => {
        // JSON knows no difference between 0 and -0.
        expect(readEntry(writeEntry(list))).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it('names nodes and reasons of many results once', () => {
    const list = [
      finished(0),
      finished(1, { node: 'node-c', placedAt: 1_002 }),
      finished(2, { result: 7, log: ['so'] }),
    ];
    expect(JSON.parse(writeEntry(list))).toEqual([
      {
        ...{ kind: 'results', at: 1_000, nodes: ['node-b', 'node-c'], whys: ['fifo: node-b is free'] },
        rows: [
          [0, 1, 0, 0, 0, 10, 50],
          [1, 1, 1, 0, 2, 10, 50],
          [2, 1, 0, 0, 0, 10, 50],
        ],
        ...{ results: { 2: 7 }, logs: { 2: ['so'] } },
      },
    ]);
  });

  it('is refused when it is not as it should be', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readEntry(text)));
    expect(readEntry('[{"kind":"finished","task":-1}]')).toBeUndefined();
    const part = { kind: 'results', at: 1, nodes: ['a'], whys: ['w'], rows: [[0, 1, 0, 0, 0, 0, 0]] };
    expect(readEntry(JSON.stringify([part]))).toHaveLength(1);
    expect(readEntry(JSON.stringify([{ ...part, nodes: [] }]))).toBeUndefined();
    expect(readEntry(JSON.stringify([{ ...part, rows: [[0, 1, 0, 0, -2, 0, 0]] }]))).toBeUndefined();
    expect(readEntry(JSON.stringify([{ ...part, logs: { 0: [1] } }]))).toBeUndefined();
  });
});
