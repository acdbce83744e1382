import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readJobSpec } from '../../../agents/swarm/job-spec.ts';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import { ExampleJobs } from '../http/example-jobs.ts';
import { type Outcome, problem, Stage, start } from './stage.ts';

let stage: Stage;
let folder: string;
beforeEach(async () => {
  stage = await new Stage().open();
  folder = mkdtempSync(join(tmpdir(), 'parlmesh-jobs-'));
  const jobs = new ExampleJobs(Date.now);
  const [running, failed, succeeded] = jobs.jobs();
  Object.assign(stage.answers, {
    'GET jobs': jobs.jobs(),
    'GET jobs/j-mosaic': await jobs.job('j-mosaic'),
    'GET jobs/j-broken': await jobs.job('j-broken'),
    'GET jobs/j-nightly': await jobs.job('j-nightly'),
    'GET swarm': jobs.swarm(),
    'POST jobs': running,
    'POST jobs/j-mosaic/cancel': { ...running, state: 'cancelled' },
    'POST jobs/j-broken/retry': { ...failed, state: 'running' },
    'GET jobs/j-nightly/results/fetch': { rows: 100 },
    ended: succeeded,
  });
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]): Promise<Outcome> => start([...args, '--data-dir', stage.dataDir]).done;

function file(text: string): string {
  const path = join(folder, 'job.yaml');
  writeFileSync(path, text);
  return path;
}

const TWO = 'name: Two\ntasks:\n  - { id: a, kind: wait }\n  - { id: b, kind: wait, needs: [a] }\n';

/** A stream that tells of these states of a job, then stays open. */
function streamOf(...jobs: JobView[]) {
  return (_request: unknown, _body: string, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const job of jobs) response.write(`event: job\ndata: ${JSON.stringify(job)}\n\n`);
  };
}

describe('parlmesh job', () => {
  it('lists jobs, and shows one with nodes, reasons, critical path and speed-up beside its bound', async () => {
    const { stdout } = await run('job', 'list');
    expect(stdout).toMatch(/^ID +NAME +STATE +TASKS/);
    expect(stdout).toMatch(/j-broken +Broken import +failed .*Task b1 failed/);
    const shown = await run('job', 'show', 'j-nightly');
    expect(shown.stdout).toMatch(/speed-up +\d\.\d\d \(at best \d\.\d\d\), 6 tasks at once/);
    expect(shown.stdout).toMatch(/critical path +fetch > page-\d+.* > bind/);
    expect(shown.stdout).toMatch(/alpha +6 +2 min \d+ s/);
    expect(shown.stdout).toMatch(/page-4 #1 +delta +lost .*delta was not heard of/);
    expect(shown.stdout).toMatch(/fetch \* +http\.get +succeeded +alpha .*would finish it first/);
    expect(JSON.parse((await run('job', 'show', 'j-nightly', '-o', 'json')).stdout).tasks).toHaveLength(14);
  });

  it('lists who carries out tasks', async () => {
    const { stdout } = await run('job', 'workers');
    expect(stdout).toMatch(/^1 job of this node run.* Placed by heft: No learned policy/);
    expect(stdout).toMatch(/delta +not reachable +0\/2 +0 +0\.40 +60 % +12 % +exec http\.get/);
  });

  it('submits a file with another name, priority and id, and says how to follow it', async () => {
    const outcome = await run('job', 'submit', file(TWO), '--name', 'Mine', '--priority', '9', '--id', 'mine-1');
    expect(outcome).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/j-mosaic is accepted: 2 tasks.*watch j-mosaic/),
    });
    expect(stage.asked).toEqual([
      {
        line: 'POST jobs?id=mine-1',
        body: {
          ...{ name: 'Mine', priority: 9 },
          tasks: [
            { id: 'a', kind: 'wait' },
            { id: 'b', kind: 'wait', needs: ['a'] },
          ],
        },
      },
    ]);
  });

  it('names each fault of a file before anybody is asked', async () => {
    const path = file('name: x\ntasks:\n  - { id: a, kind: wait, need: [b] }\n');
    const outcome = await run('job', 'submit', path);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(
      `${path}:3:26: tasks[0].need: is nothing that a job has. Did you mean "tasks[0].needs"?`,
    );
    expect(stage.asked).toEqual([]);
    expect((await run('job', 'validate', file(TWO))).stdout).toMatch(
      /is right: 2 tasks, 2 s of work.*at most 1\.0 times/,
    );
    const odd = file('name: x\ntasks:\n  - { id: a, kind: wayt }\n');
    expect((await run('job', 'validate', odd)).stderr).toContain('tasks[0].kind: "wayt" is no kind of task');
    expect((await run('job', 'validate', join(folder, 'none.yaml'))).stderr).toMatch(/none\.yaml cannot be read/);
  });

  it('waits for the end, and tells it by text and exit code', async () => {
    const [running] = stage.answers['GET jobs'] as JobView[];
    const done: JobView = { ...running!, state: 'succeeded', finishedAt: Date.now() };
    stage.answers['GET stream'] = streamOf({ ...running!, id: 'other', state: 'failed' }, running!, done);
    const good = await run('job', 'submit', file(TWO), '--wait');
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Job j-mosaic \(Mosaic\) succeeded after/) });
    expect(good.stderr).toMatch(/Mosaic {2}\d+\/20 tasks · \d running/);
    stage.answers['GET stream'] = streamOf({ ...done, state: 'failed', cause: 'Task a failed' });
    const bad = await run('job', 'watch', 'j-mosaic');
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/failed after .*: Task a failed/) });
    expect(bad.stderr).toMatch(/job show j-mosaic/);
    const json = await run('job', 'watch', 'j-nightly', '-o', 'json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ state: 'succeeded', figures: { steps: 14 } });
  });

  it('leaves the job running when the watching ends, and says how to go on', async () => {
    const [running] = stage.answers['GET jobs'] as JobView[];
    stage.answers['GET stream'] = streamOf(running!);
    const watching = start(['job', 'watch', 'j-mosaic', '--data-dir', stage.dataDir], { isTTY: true });
    await expect.poll(() => watching.stdout()).toMatch(/\[#+-+\] Mosaic/);
    watching.end();
    const { code, stderr } = await watching.done;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/goes on; `parlmesh job watch j-mosaic` follows it/)]);
    expect(stage.asked.some(({ line }) => line.includes('cancel'))).toBe(false);
  });

  it('cancels, tries again, prints results, and says what is not there', async () => {
    expect((await run('job', 'cancel', 'j-mosaic')).stdout).toMatch(
      /^Job j-mosaic is cancelled; \d+ tasks had succeeded/,
    );
    expect((await run('job', 'retry', 'j-broken')).stdout).toMatch(/^Job j-broken goes on/);
    expect((await run('job', 'result', 'j-nightly', 'fetch')).stdout).toBe('{"rows":100}\n');
    stage.answers['GET jobs/j-none'] = (_: unknown, __: string, response: ServerResponse) =>
      problem(response, 404, { code: 'JOB_UNKNOWN', detail: 'There is no job "j-none"' });
    expect(await run('job', 'show', 'j-none')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no job "j-none"/),
    });
  });

  it('imports a recorded workflow as a job file', async () => {
    const workflow = {
      ...{ name: 'tiny', schemaVersion: '1.5' },
      workflow: {
        specification: { tasks: [{ id: 'one' }, { id: 'two', parents: ['one'] }] },
        execution: { tasks: [{ id: 'one', runtimeInSeconds: 30 }] },
      },
    };
    const path = file(JSON.stringify(workflow));
    const { stdout } = await run('job', 'import', path, '--time-scale', '0.1');
    expect(readJobSpec(parse(stdout)).tasks).toEqual([
      { id: 'one', kind: 'wait', input: { seconds: 3 }, seconds: 3 },
      { id: 'two', kind: 'wait', input: { seconds: 0 }, needs: ['one'], seconds: 0 },
    ]);
    expect((await run('job', 'import', path, '--time-scale', '-1')).code).toBe(2);
    expect((await run('job', 'import', file('{}'))).stderr).toMatch(/Not a WfCommons workflow/);
  });
});
