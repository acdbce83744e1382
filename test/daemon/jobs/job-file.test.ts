import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { readJobText } from '../../../daemon/jobs/job-file.ts';
import { JobTexts } from '../../../daemon/jobs/job-text.ts';

function faults(text: string, format: 'yaml' | 'json' = 'yaml'): string[] {
  try {
    readJobText(text, 'job.yaml', format);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'JOB_INVALID' });
    return (error as ParlmeshError).message.split('\n');
  }
}

const REPORT = `name: Report
priority: 7
tasks:
  - id: fetch
    kind: http.get
    input: { url: "https://example.org/a", header: null }
    retries:
  - id: sum
    kind: exec
    needs: [fetch]
    input: { of: { $result: fetch } }
`;

describe('a job file', () => {
  it('is read as YAML or JSON; a key with nothing after it says nothing', () => {
    const spec = readJobText(REPORT, 'report.yaml');
    expect(spec).toEqual({
      name: 'Report',
      priority: 7,
      tasks: [
        { id: 'fetch', kind: 'http.get', input: { url: 'https://example.org/a', header: null } },
        { id: 'sum', kind: 'exec', needs: ['fetch'], input: { of: { $result: 'fetch' } } },
      ],
    });
    expect(readJobText(JSON.stringify(spec), 'report.json', 'json')).toEqual(spec);
  });

  it('names each fault by line, column and path', () => {
    const text = REPORT.replace('priority: 7', 'priority: 17').replace('kind: exec', 'knid: exec');
    expect(faults(text)).toEqual([
      'job.yaml:2:1: priority: is wrong, expected a whole number from 0 to 9, got 17',
      'job.yaml:9:5: tasks[1].knid: is nothing that a job has. Did you mean "tasks[1].kind"?',
      expect.stringMatching(/^job\.yaml:8:5: tasks\[1\]\.kind: is missing, expected text that matches/),
    ]);
    expect(faults('')).toEqual(['job.yaml:1:1: is no job, expected name and tasks, got nothing']);
    expect(faults('name: a\ntasks: []\n')[0]).toMatch(/^job\.yaml:2:1: tasks: is wrong, expected a list of 1 to 10000/);
    expect(faults('{"name": "a",\n "tasks": [}', 'json')[0]).toMatch(/^job\.yaml:2:\d+: /);
  });

  it('names tasks that are needed and missing, twice there, or wait for each other', () => {
    const job = (tasks: string): string => `name: a\ntasks:\n${tasks}`;
    expect(faults(job('  - {id: fetch, kind: wait}\n  - {id: sum, kind: wait, needs: [fetsh]}'))).toEqual([
      'job.yaml:4:35: tasks[1].needs[0]: "fetsh" is no task of this job. Did you mean "fetch"?',
    ]);
    expect(faults(job('  - {id: a, kind: wait, input: {of: {$result: b}}}'))).toEqual([
      'job.yaml:3:25: tasks[0].input: "b" is no task of this job',
    ]);
    expect(faults(job('  - {id: a, kind: wait}\n  - {id: a, kind: wait}'))).toEqual([
      'job.yaml:4:6: tasks[1].id: "a" is the id of tasks[0] already',
    ]);
    expect(faults(job('  - {id: a, kind: wait, needs: [b]}\n  - {id: b, kind: wait, needs: [a]}'))).toEqual([
      'job.yaml:3:5: tasks[0]: Tasks wait for each other: "a" needs "b" needs "a"',
    ]);
  });

  it('names kinds of tasks that are none, where it is told which there are', () => {
    const text = 'name: a\ntasks:\n  - {id: a, kind: http.gte, needs: [b]}\n  - {id: b, kind: brew}\n';
    expect(readJobText(text, 'job.yaml').tasks).toHaveLength(2);
    expect(() => readJobText(text, 'job.yaml', 'yaml', ['http.get', 'wait'])).toThrow(
      [
        'job.yaml:3:13: tasks[0].kind: "http.gte" is no kind of task that this version of parlmesh carries out, expected http.get, wait. Did you mean "http.get"?',
        'job.yaml:4:13: tasks[1].kind: "brew" is no kind of task that this version of parlmesh carries out, expected http.get, wait',
      ].join('\n'),
    );
  });

  it('is a job or a clear error, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify({ name: 'x', tasks: value })),
        ),
        (text) => {
          try {
            expect(readJobText(text, 'any').tasks.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(ParlmeshError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a long job from elsewhere', () => {
  const tasks = Array.from({ length: 10_000 }, (_, i) => ({
    id: `task-${i}`,
    kind: 'wait',
    input: { seconds: 0.01, note: 'x'.repeat(150) },
    needs: i < 100 ? [] : [`task-${i - 100}`, `task-${i - 99}`],
  }));
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  it('is read whole in a thread, in order', { timeout: 120_000 }, async () => {
    const spec: JobSpec = { name: 'long', priority: 2, tasks };
    expect(bytes(spec).length).toBeGreaterThan(2_000_000);
    expect(await new JobTexts().read(bytes(spec), 'the body', 'json')).toEqual(spec);
  });

  it('leaves the loop free meanwhile', { timeout: 120_000 }, async () => {
    let turns = 0;
    let isRead = false;
    const turn = (): void => {
      turns++;
      if (!isRead) setImmediate(turn);
    };
    setImmediate(turn);
    await new JobTexts().read(bytes({ name: 'long', tasks }), 'the body', 'json');
    isRead = true;
    // Read in the loop itself, it would have had one.
    expect(turns).toBeGreaterThan(20);
  });

  it('that is wrong is refused with the place; a third at the same time has to wait', {
    timeout: 120_000,
  }, async () => {
    const texts = new JobTexts();
    const wrong = bytes({ name: 'long', tasks: [...tasks, { id: 'last', kind: 'wait', needs: ['task-10000'] }] });
    const reads = [0, 1, 2].map(() => texts.read(wrong, 'the body', 'json'));
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
      'JOB_INVALID',
      'JOB_INVALID',
      'JOB_READER_BUSY',
    ]);
    expect(outcomes[0]).toMatchObject({
      reason: { message: expect.stringMatching(/tasks\[?.*"last"|maxItems|list of 1 to 10000/) },
    });
    await expect(texts.read(Buffer.from([0xff, 0xfe]), 'the body', 'json')).rejects.toThrow(/no UTF-8/);
  });
});
