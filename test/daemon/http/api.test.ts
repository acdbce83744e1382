import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ParlmeshError } from '../../../core/errors.ts';
import { EXAMPLES } from '../../../daemon/http/openapi-examples.ts';
import { ProblemView } from '../../../daemon/http/problem.ts';
import { PlanView, RouteChangeView, RouteExplanationView, RouteView } from '../../../daemon/view/route-schema.ts';
import {
  AgentView,
  CameraView,
  EventView,
  HardwareView,
  LinkView,
  ModelView,
  NodeView,
  ObservationView,
  PeerView,
  StoreView,
  TopologyView,
} from '../../../daemon/view/schema.ts';
import { type Answer, startServer } from './harness.ts';

const READS: [path: string, schema: TSchema][] = [
  ['node', NodeView],
  ['hardware', HardwareView],
  ['peers', Type.Array(PeerView)],
  ['links', Type.Array(LinkView)],
  ['routes', Type.Array(RouteView)],
  ['routes/charlie/explain', RouteExplanationView],
  ['routes/plan', PlanView],
  ['routes/log', Type.Array(RouteChangeView)],
  ['routes/log?node=charlie&before=900&limit=3', Type.Array(RouteChangeView)],
  ['topology', TopologyView],
  ['agents', Type.Array(AgentView)],
  ['cameras', Type.Array(CameraView)],
  ['observations', Type.Array(ObservationView)],
  ['observations?camera=north&limit=1', Type.Array(ObservationView)],
  ['events', Type.Array(EventView)],
  ['events?after=1&severity=warning&kind=camera.', Type.Array(EventView)],
  ['history?series=cpu', Type.Array(Type.Tuple([Type.Number(), Type.Number()]))],
  ['models', Type.Array(ModelView)],
  ['store', StoreView],
  ['config', Type.Record(Type.String(), Type.Unknown())],
  ['network/members', Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))],
  ['session', Type.Object({ caller: Type.Literal('local'), scopes: Type.Array(Type.String()) })],
];

function expectProblem(answer: Answer, status: number, code: string): ProblemView {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = Value.Parse(ProblemView, answer.json());
  expect(problem).toMatchObject({ status, code, type: `/api/v3/problems#${code}` });
  return problem;
}

describe('reading', () => {
  it.each(READS)('answers GET /api/v3/%s in its schema', async (path, schema) => {
    const { call } = await startServer();
    const answer = await call(`/api/v3/${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(Value.Errors(schema, answer.json())).toEqual([]);
  });

  it('gives every value of a view unchanged', async () => {
    const { call, node } = await startServer();
    expect((await call('/api/v3/cameras')).json()).toMatchObject([{ id: 'north' }, { id: 'door' }, { id: 'yard' }]);
    expect((await call('/api/v3/store')).json()).toEqual(node.store());
    expect((await call('/api/v3/config')).json()).toEqual(node.config());
  });

  it('hands the query on, with its defaults', async () => {
    const { call } = await startServer();
    const events = (await call('/api/v3/events?limit=1')).json();
    expect(events).toMatchObject([{ kind: 'camera.lost' }]);
    expect((await call('/api/v3/events?after=1')).json()).toMatchObject([{ id: 2 }, { id: 3 }]);
  });

  it('tells how routes changed, newest first, in pages and for one node', async () => {
    const { call, node } = await startServer();
    node.mesh.toggle();
    expect((await call('/api/v3/routes/log')).json()).toMatchObject([
      { id: 6, kind: 'moved', destinationName: 'echo', backup: { nextHopName: 'bravo' } },
      ...[5, 4, 3, 2, 1].map((id) => ({ id })),
    ]);
    expect((await call('/api/v3/routes/log?before=6&limit=1')).json()).toMatchObject([{ id: 5 }]);
    expect((await call('/api/v3/routes/log?node=charlie')).json()).toMatchObject([{ id: 5 }, { id: 2 }]);
    expectProblem(await call('/api/v3/routes/log?limit=501'), 400, 'HTTP_INVALID');
  });

  it('says 503 while the board has not been read', async () => {
    const { call, node } = await startServer();
    Object.defineProperty(node, 'hardware', { value: () => undefined });
    expectProblem(await call('/api/v3/hardware'), 503, 'HTTP_UNAVAILABLE');
  });
});

describe('pictures', () => {
  it('sends a JPEG that no cache keeps, and 304 to who has it', async () => {
    const { call } = await startServer();
    const first = await call('/api/v3/cameras/north/picture');
    expect(first.headers).toMatchObject({ 'content-type': 'image/jpeg', 'cache-control': 'no-store' });
    expect(first.body.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    const again = await call('/api/v3/cameras/north/picture', { headers: { 'if-none-match': first.headers.etag! } });
    expect(again.status).toBe(304);
    expect(again.body.length).toBe(0);
  });

  it('finds observations and says which camera or picture is missing', async () => {
    const { call } = await startServer();
    expect((await call('/api/v3/observations/walker/picture')).headers['content-type']).toBe('image/jpeg');
    expectProblem(await call('/api/v3/observations/none/picture'), 404, 'PICTURE_NOT_FOUND');
    expectProblem(await call('/api/v3/cameras/yard/picture'), 404, 'PICTURE_NOT_FOUND');
    expectProblem(await call('/api/v3/routes/moon/explain'), 404, 'ROUTE_UNKNOWN');
    expect(expectProblem(await call('/api/v3/cameras/moon/picture'), 404, 'CAMERA_NOT_FOUND').detail).toContain('moon');
  });
});

describe('acting', () => {
  const unix = true;

  it('restarts an agent whose id has a slash, and knows which are there', async () => {
    const { call, node } = await startServer();
    const answer = await call('/api/v3/agents/camera%2Fnorth/restart', { method: 'POST', unix });
    expect(answer.status).toBe(204);
    expect(node.asked).toEqual(['restart camera/north']);
    expectProblem(await call('/api/v3/agents/none/restart', { method: 'POST', unix }), 404, 'AGENT_NOT_FOUND');
  });

  it.each([
    ['config/reload', undefined, 200, { applied: ['log.level'], needRestart: ['mesh.listen'] }],
    ['power/wake', { seconds: 60 }, 200, { state: 'awake', until: 60_001 }],
    ['store/backup', undefined, 200, { bytes: 1_400_832 }],
    ['store/check', {}, 200, { ok: true, problems: [] }],
    ['network/invites', {}, 201, { token: expect.stringMatching(/^pminvite_/) }],
    ['network/invites', { expiresInSeconds: 60, name: 'bravo' }, 201, { expiresAt: expect.any(Number) }],
    ['network/join', { token: 'pminvite_x' }, 200, { network: { name: 'home' } }],
  ])('answers POST /api/v3/%s %j', async (path, body, status, expected) => {
    const { call } = await startServer();
    const answer = await call(`/api/v3/${path}`, { method: 'POST', unix, body });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject(expected);
  });

  it('removes a member, and knows who is one', async () => {
    const { call, node } = await startServer();
    expect((await call('/api/v3/network/members/12D3', { method: 'DELETE', unix })).status).toBe(204);
    expect(node.asked).toEqual(['remove 12D3']);
    const unknown = await call('/api/v3/network/members/nobody', { method: 'DELETE', unix });
    expectProblem(unknown, 404, 'MEMBER_UNKNOWN');
  });

  it('tells an error of another room with its code and hint', async () => {
    const { call } = await startServer();
    const answer = await call('/api/v3/network/join', { method: 'POST', unix, body: { token: 'nonsense' } });
    const problem = expectProblem(answer, 400, 'INVITE_INVALID');
    expect(problem.hint).toBe('parlmesh network invite prints one');
    expect(problem.title).toBe('Invite invalid');
  });
});

describe('errors', () => {
  it('names each wrong field', async () => {
    const { call } = await startServer();
    const query = expectProblem(await call('/api/v3/events?limit=0&nonsense=1'), 400, 'HTTP_INVALID');
    expect(query.errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: 'querystring/limit', expected: 'must be >= 1' })]),
    );
    expect(query.errors?.some(({ expected }) => expected.includes('nonsense'))).toBe(true);
    const body = await call('/api/v3/tokens', { method: 'POST', unix: true, body: { name: '', scopes: ['all'] } });
    expect(expectProblem(body, 400, 'HTTP_INVALID').errors?.map(({ path }) => path)).toContain('body/name');
  });

  it('is a problem too for what is no route, no JSON and no address', async () => {
    const { call } = await startServer();
    const lost = expectProblem(await call('/api/v3/nothing'), 404, 'HTTP_NOT_FOUND');
    expect(lost.hint).toBe('See /docs for what there is');
    const near = expectProblem(await call('/api/v3/peer?x=1'), 404, 'HTTP_NOT_FOUND');
    expect(near.hint).toBe('Did you mean GET /api/v3/peers?');
    expectProblem(await call('/api/v3/node', { method: 'PUT', unix: true }), 404, 'HTTP_NOT_FOUND');
    expectProblem(await call('/api/v3/agents/%zz/restart'), 400, 'HTTP_BAD_REQUEST');
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', unix: true, headers };
    expectProblem(await call('/api/v3/tokens', { ...post, body: '{"name"' }), 400, 'HTTP_BAD_REQUEST');
    expectProblem(await call('/api/v3/tokens', { ...post, body: '' }), 400, 'HTTP_INVALID');
    const form = { ...post, headers: { 'content-type': 'text/xml' }, body: '<a/>' };
    expectProblem(await call('/api/v3/tokens', form), 415, 'HTTP_MEDIA_TYPE');
  });

  it('keeps an unforeseen error inside and shows a foreseen one', async () => {
    const { call, node } = await startServer();
    const fail = (error: Error) =>
      Object.defineProperty(node, 'peers', {
        value: () => {
          throw error;
        },
        configurable: true,
      });
    fail(new TypeError('secret path /root'));
    const unforeseen = await call('/api/v3/peers');
    expectProblem(unforeseen, 500, 'HTTP_INTERNAL');
    expect(unforeseen.body.toString()).not.toContain('secret');
    fail(new ParlmeshError('STORE_UNAVAILABLE', 'The store is being restored'));
    const foreseen = await call('/api/v3/peers');
    expectProblem(foreseen, 503, 'STORE_UNAVAILABLE');
    expect(foreseen.headers['retry-after']).toBe('5');
  });

  it('lists the codes that problem types point to', async () => {
    const { call } = await startServer();
    expect((await call('/api/v3/problems')).json()).toMatchObject({ HTTP_INVALID: { status: 400 } });
  });
});

describe('description', () => {
  interface Operation {
    summary?: string;
    tags?: string[];
    security: object[];
    responses: Record<string, { description?: string; content?: Record<string, { schema?: object }> }>;
  }

  it('describes every route with summary, tag, answers and problems', async () => {
    const { call } = await startServer();
    const document = (await call('/api/v3/openapi.json')).json() as {
      openapi: string;
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, object> };
    };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, ...operation })),
    );
    expect(operations.length).toBeGreaterThanOrEqual(33);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Node', 'Camera', 'Problem']));
    expect(JSON.stringify(document.paths['/api/v3/peers'])).toContain('"$ref":"#/components/schemas/Peer"');
    const open = operations.filter(({ security }) => security.length === 0).map(({ name }) => name);
    expect(open.toSorted()).toEqual([
      'delete /api/v3/session',
      'get /api/v3/problems',
      'get /api/v3/session',
      'get /healthz',
      'get /readyz',
      'post /api/v3/session',
    ]);
    for (const { name, path, summary, tags, responses } of operations) {
      expect(summary, name).toBeTruthy();
      expect(tags, name).toHaveLength(1);
      for (const { description } of Object.values(responses)) expect(description, name).toMatch(/^[A-Z]/);
      expect(responses).not.toHaveProperty('200.description', 'Default Response');
      const good = Object.entries(responses).find(([status]) => status.startsWith('2'))!;
      if (good[0] !== '204') expect(Object.values(good[1].content ?? {})[0]?.schema, name).toBeDefined();
      if (!path.startsWith('/api')) continue;
      expect(responses['4XX']?.content, name).toHaveProperty('application/problem+json');
    }
  });

  it('shows examples that fit their schemas', async () => {
    const schemas = {
      Event: EventView,
      Link: LinkView,
      Observation: ObservationView,
      Peer: PeerView,
      Route: RouteView,
    };
    for (const [name, schema] of Object.entries({ ...schemas, Problem: ProblemView })) {
      expect(Value.Errors(schema, EXAMPLES[name]), name).toEqual([]);
    }
    const { call } = await startServer();
    expect((await call('/api/v3/openapi.json')).body.toString()).toContain('Link to charlie is down');
  });

  it('is read at /docs with files of this node only', async () => {
    const { call } = await startServer();
    const page = await call('/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const addresses = [...page.body.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(addresses.length).toBeGreaterThan(3);
    for (const address of addresses) {
      expect(address).not.toMatch(/^(https?:)?\/\//);
      const asset = new URL(address, 'http://node/docs').pathname;
      expect((await call(asset)).status, asset).toBe(200);
    }
  });
});

describe('health', () => {
  it('is alive, and ready once every required service runs', async () => {
    const { call, node } = await startServer();
    expect((await call('/healthz')).json()).toEqual({ alive: true });
    expect((await call('/readyz')).json()).toEqual({ ready: true, problems: [] });
    const view = node.node();
    const services = view.services.map((service) =>
      service.required ? { ...service, state: 'starting' as const } : service,
    );
    Object.defineProperty(node, 'node', { value: () => ({ ...view, services }) });
    const waiting = await call('/readyz');
    expect(waiting.status).toBe(503);
    expect(waiting.json()).toEqual({ ready: false, problems: [{ service: 'store', state: 'starting' }] });
  });
});
