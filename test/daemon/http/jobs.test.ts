import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { BlobRef } from '../../../agents/swarm/blob-ref.ts';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import { JobDetailView, JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import { EXAMPLES } from '../../../daemon/http/openapi-examples.ts';
import { layers } from './example-jobs.ts';
import { bearer, startServer } from './harness.ts';

const SMALL: JobSpec = { name: 'small', tasks: [{ id: 'a', kind: 'wait', input: { seconds: 0 } }] };
const YAML = { 'content-type': 'application/yaml', 'x-parlmesh': '1' };

describe('jobs over HTTP', () => {
  it('are listed newest first, by state and page', async () => {
    const { call } = await startServer();
    const jobs = Value.Parse(Type.Array(JobView), (await call('/api/v3/jobs')).json());
    expect(jobs.map(({ id }) => id)).toEqual(['j-mosaic', 'j-broken', 'j-nightly']);
    const failed = Value.Parse(Type.Array(JobView), (await call('/api/v3/jobs?state=failed')).json());
    expect(failed.map(({ id }) => id)).toEqual(['j-broken']);
    const older = await call(`/api/v3/jobs?limit=1&before=${jobs[1]!.submittedAt}`);
    expect(older.json()).toMatchObject([{ id: 'j-nightly' }]);
    expect((await call('/api/v3/jobs?state=odd')).status).toBe(400);
    expect(Value.Check(SwarmView, (await call('/api/v3/swarm')).json())).toBe(true);
  });

  it('are shown with their tasks, or with those that changed since', async () => {
    const { call } = await startServer();
    const whole = Value.Parse(JobDetailView, (await call('/api/v3/jobs/j-nightly')).json());
    expect(whole.tasks).toHaveLength(14);
    expect(whole.tasks.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome))).toContain('lost');
    const { finishedAt = 0 } = whole;
    const none = await call(`/api/v3/jobs/j-nightly?since=${finishedAt + 1}`);
    expect(none.json()).toMatchObject({ id: 'j-nightly', tasks: [] });
    const unknown = await call('/api/v3/jobs/j-none');
    expect([unknown.status, unknown.json()]).toEqual([404, expect.objectContaining({ code: 'JOB_UNKNOWN' })]);
  });

  it('are submitted as JSON or YAML by a named actor; the same id twice is one job', async () => {
    const { call, node } = await startServer();
    const first = await call('/api/v3/jobs?id=mine-1', { method: 'POST', body: SMALL });
    expect(first.status).toBe(201);
    expect(first.headers.location).toBe('/api/v3/jobs/mine-1');
    const yaml = 'name: small\ntasks:\n  - { id: a, kind: wait }\n';
    const second = await call('/api/v3/jobs?id=mine-1', { method: 'POST', body: yaml, headers: YAML });
    expect(second.json()).toMatchObject({ id: 'mine-1' });
    expect(node.work.asked).toEqual(['submit small as operator the page', 'submit small as operator the page']);
  });

  it('are submitted by who holds a token that may act', async () => {
    const { call, node, token } = await startServer();
    const [act, read] = [bearer(await token('act')), bearer(await token('read'))];
    expect((await call('/api/v3/jobs', { method: 'POST', body: SMALL, headers: act })).status).toBe(201);
    expect((await call('/api/v3/jobs', { method: 'POST', body: SMALL, headers: read })).status).toBe(403);
    expect(node.work.asked).toEqual(['submit small as client test']);
  });

  it.each([
    [
      { name: 'a', tasks: [{ id: 'a', kind: 'wait', needs: ['b'] }] },
      400,
      'JOB_INVALID',
      /tasks\[0\].needs\[0\]: "b" is no task/,
    ],
    [{ name: 'a' }, 400, 'JOB_INVALID', /tasks: is missing/],
    ['', 400, 'HTTP_BAD_REQUEST', /no job/],
    ['{"name": }', 400, 'JOB_INVALID', /the job:1:/],
    ['x'.repeat(8_000_001), 413, 'HTTP_BODY_TOO_LARGE', /large/],
  ])('that are wrong are refused with the place (%#)', async (body, status, code, detail) => {
    const { call } = await startServer();
    const answer = await call('/api/v3/jobs', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.json()]).toEqual([
      status,
      expect.objectContaining({ code, detail: expect.stringMatching(detail) }),
    ]);
  });

  it('by forms of other sites, or in words nobody knows, are refused', async () => {
    const { call } = await startServer();
    const form = { 'content-type': 'text/plain' };
    expect((await call('/api/v3/jobs', { method: 'POST', body: 'x', headers: form })).status).toBe(403);
    const odd = { 'content-type': 'text/plain', 'x-parlmesh': '1' };
    expect((await call('/api/v3/jobs', { method: 'POST', body: 'x', headers: odd })).status).toBe(415);
    expect((await call('/api/v3/jobs?id=Not%20so', { method: 'POST', body: SMALL })).status).toBe(400);
  });

  it('of three thousand tasks are taken and shown', { timeout: 60_000 }, async () => {
    const { call } = await startServer();
    const { tasks } = layers(
      'large',
      Array.from({ length: 30 }, () => 100),
      1,
    );
    const spec: JobSpec = {
      name: 'large',
      tasks: tasks.map((task) => ({ ...task, input: { note: 'x'.repeat(150) } })),
    };
    const submitted = await call('/api/v3/jobs?id=large', { method: 'POST', body: spec });
    expect(submitted.status).toBe(201);
    const { tasks: shown } = Value.Parse(JobDetailView, (await call('/api/v3/jobs/large')).json());
    expect(shown.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
  });

  it('are cancelled and tried again, which an ended job or a reader may not', async () => {
    const { call, node } = await startServer();
    const post = (path: string) => call(`/api/v3/jobs/${path}`, { method: 'POST', body: {} });
    expect((await post('j-mosaic/cancel')).json()).toMatchObject({ state: 'cancelled', cause: 'Cancelled by anna' });
    expect((await post('j-nightly/cancel')).json()).toMatchObject({ code: 'JOB_NOT_RUNNING' });
    expect((await post('j-broken/retry')).json()).toMatchObject({ state: 'running' });
    expect(node.work.asked).toEqual(['cancel j-mosaic', 'cancel j-nightly', 'retry j-broken']);
  });

  it('give their results as JSON or as the bytes of a blob, and say why there is none', async () => {
    const { call, node } = await startServer();
    expect((await call('/api/v3/jobs/j-nightly/results/fetch')).json()).toEqual({ rows: 100 });
    const none = await call('/api/v3/jobs/j-broken/results/b2');
    expect(none.json()).toMatchObject({
      status: 404,
      code: 'RESULT_NOT_FOUND',
      detail: expect.stringMatching(/it is (failed|cancelled)/),
    });
    expect((await call('/api/v3/jobs/j-broken/results/zz')).status).toBe(404);

    const body = 'a picture'.repeat(20_000);
    const kept = await call('/api/v3/blobs', {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/html', 'x-parlmesh': '1' },
    });
    expect(kept.status).toBe(201);
    const ref = Value.Parse(BlobRef, kept.json());
    expect(ref).toMatchObject({ bytes: 180_000, mediaType: 'text/html' });
    const detail = await node.work.job('j-nightly');
    node.work.job = async () => ({ ...detail, tasks: detail.tasks.map((task) => ({ ...task, result: ref })) });
    const bytes = await call('/api/v3/jobs/j-nightly/results/fetch');
    expect(bytes.body.toString()).toBe(body);
    expect(bytes.headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment',
      etag: `"${ref.$blob}"`,
    });
    expect((await call(`/api/v3/blobs/${ref.$blob}`)).body.toString()).toBe(body);
    expect((await call(`/api/v3/blobs/${'0'.repeat(64)}`)).status).toBe(404);
  });
});

it('the examples of the description are jobs', () => {
  expect(Value.Check(JobView, EXAMPLES.Job)).toBe(true);
});
