import { existsSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as routeSchema from '../../../daemon/view/route-schema.ts';
import * as schema from '../../../daemon/view/schema.ts';
import {
  AGENT,
  BARN,
  CAMERA,
  EXPLANATION,
  event,
  HARDWARE,
  LINK,
  LOST_PEER,
  MODEL,
  NODE,
  type Outcome,
  PEER,
  PLAN,
  problem,
  ROUTE,
  ROUTE_CHANGE,
  SELF,
  STORE,
  Stage,
  start,
} from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await new Stage().open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const run = (...args: string[]): Promise<Outcome> => start([...args, '--data-dir', stage.dataDir]).done;

it('is tested with what a daemon really shows', () => {
  expect(Value.Check(schema.NodeView, NODE)).toBe(true);
  expect(Value.Check(schema.HardwareView, HARDWARE)).toBe(true);
  expect(Value.Check(schema.StoreView, STORE)).toBe(true);
  expect(Value.Check(Type.Tuple([schema.PeerView, schema.LinkView, routeSchema.RouteView]), [PEER, LINK, ROUTE])).toBe(
    true,
  );
  expect(Value.Check(Type.Tuple([schema.AgentView, schema.CameraView]), [AGENT, CAMERA])).toBe(true);
  expect(Value.Check(Type.Tuple([routeSchema.RouteExplanationView, routeSchema.PlanView]), [EXPLANATION, PLAN])).toBe(
    true,
  );
  expect(Value.Check(Type.Tuple([schema.PeerView, routeSchema.RouteChangeView]), [LOST_PEER, ROUTE_CHANGE])).toBe(true);
  expect(Value.Check(Type.Tuple([schema.ModelView, schema.EventView]), [MODEL, event(1)])).toBe(true);
});

describe('listings', () => {
  it.each<[string, RegExp[]]>([
    [
      'status',
      [/^All 2 nodes are well\n/, /node +north \(…vnc6iDEp\), parlmesh 0\.1\.0, up 2 h/, /peers +1 connected/, /54 °C/],
    ],
    [
      'peers',
      [
        /^NAME +STATE +SINCE +VIA +LOAD +ANOMALY +VERSION +ID\n/,
        /barn +connected +2 h +libp2p +40 % +0\.02 +0\.1\.0 +…bm5akpqu/,
      ],
    ],
    ['links', [/barn +up +2 h +4\.20 ms +0\.40 ms +0 % +4\.2 +libp2p/]],
    ['routes', [/barn +barn +4\.2 +2 h +barn +none +direct/]],
    [
      'routes explain barn',
      [
        /route +barn\n/,
        /backup +mill > barn \(cost 9\.0\), when the link to barn fails/,
        /mill > barn +9\.0 +4\.8/,
        /If the link/,
      ],
    ],
    [
      'routes plan',
      [
        /^3 nodes, 3 links; the same traffic between all, as only 1\.2 kB\/s were measured\./,
        /north - barn +50 % +4 +3 +1\.2 kB\/s/,
        /They move 2 routes with 25 % of the traffic; a path then costs 8\.4 instead of 8\.0 ms/,
        /link barn - mill +1 node/,
        /north > barn +4\.2 +6\.0/,
      ],
    ],
    [
      'routes log',
      [
        /^TIME +DESTINATION +WAS +COST +IS +COST +AFTER +BACKUP +WHY\n/,
        /mill +mill +11\.0 +barn > mill +23\.0 +0\.40 ms +over barn +link to mill went down \(no answer/,
      ],
    ],
    ['agents', [/camera\/door +camera +ready +2 h +1 +0\/64 +camera\.capture@node/]],
    ['cameras', [/door +live +2 h +folder +640x480 +2\.0 .*2 person, 1 dog/]],
    ['events', [/entry 1\n.*entry 2\n.*entry 3\n$/]],
    ['network members', [/barn +2 h +24 h +valid/]],
    ['network show', [/network +home\n/, /this node may invite others/, /expires in 90 d; renewed by itself/]],
    ['network rotate-key', [/Network key 1 was made; 1 node is fetching it \(30 d at most\)/]],
    ['token list', [/k3v7ho2mwq +grafana +read +2 h +never +never/]],
    ['model list', [/centernet +ok +yes +detection +512x512 +80 +MIT/]],
    ['config show', [/^name: north\nhttp:\n {2}port: 7420\n# door: its areas are as drawn on the page/]],
    ['doctor', [/^All 2 nodes are well\nNothing is wrong\.\n$/]],
  ])('%s is a table for people and JSON for programs', async (command, patterns) => {
    const shown = await run(...command.split(' '));
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    for (const pattern of patterns) expect(shown.stdout).toMatch(pattern);
    expect(shown.stdout).not.toContain('\x1b');
    const json = await run(...command.split(' '), '-o', 'json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(typeof JSON.parse(json.stdout)).toBe('object');
  });

  it('gives the API’s own objects as JSON', async () => {
    expect(JSON.parse((await run('peers', '-o', 'json')).stdout)).toEqual([PEER]);
    expect(JSON.parse((await run('status', '-o', 'json')).stdout).node).toEqual(NODE);
  });

  it('shows the areas of peers where the network has some', async () => {
    stage.answers['GET peers'] = [{ ...PEER, area: 'main' }];
    expect((await run('peers')).stdout).toMatch(/^NAME +STATE/);
    stage.answers['GET peers'] = [
      { ...PEER, area: 'main' },
      { ...LOST_PEER, area: 'attic' },
    ];
    const { stdout } = await run('peers');
    expect(stdout).toMatch(/^NAME +AREA +STATE/);
    expect(stdout).toMatch(/^mill +attic /m);
    expect((await run('peers', 'mill')).stdout).toMatch(/area +attic\n/);
  });

  it('explains one peer: who suspects it, what was tried, how this node was itself, its link and route', async () => {
    stage.answers['GET peers'] = [PEER, LOST_PEER];
    stage.answers['GET links'] = [
      { ...LINK, peer: LOST_PEER.id, state: 'down', cause: 'no answer for 151 ms', probe: 'udp', flaps: 3 },
    ];
    const { stdout } = await run('peers', 'mill');
    for (const pattern of [
      /member +suspect for 2 h\n/,
      /why +north lost its link to it; UDP fell silent; barn reaches it\n/,
      /suspected by +north \(for 2 h\)/,
      /this node then +late itself: doubt 1 of 3, it waited 1\.5 times as long/,
      /link +down: no answer for 151 ms, probed by udp, .*failed 3 times/,
      /route +none/,
      /udp +silent +2 h\nthrough barn +answered +2 h/,
    ])
      expect(stdout).toMatch(pattern);
    expect((await run('peers', LOST_PEER.id.slice(-8))).stdout).toBe(stdout);
    expect(JSON.parse((await run('peers', 'mill', '-o', 'json')).stdout)).toMatchObject({ peer: LOST_PEER });
    expect(await run('peers', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('"nobody"') });
  });

  it('shows the log of one destination, and what is missing', async () => {
    stage.answers['GET routes/log'] = [];
    expect((await run('routes', 'log', 'mill', '-n', '5')).stdout).toBe('No route has changed.\n');
    expect(stage.asked.at(-1)?.line).toBe('GET routes/log?limit=5&node=mill');
  });

  it('agents marks one that the oracle froze, and says why', async () => {
    const frozen = { since: 1, reason: 'it asked eight times for what it may not do' };
    stage.answers['GET agents'] = [{ ...AGENT, frozen }];
    const { stdout } = await run('agents');
    expect(stdout).toMatch(
      /camera\/door +camera +ready, frozen .* frozen: it asked eight times for what it may not do/,
    );
  });

  it.each(['peers', 'links', 'routes', 'agents', 'cameras'])('%s says so when there is nothing', async (name) => {
    stage.answers[`GET ${name}`] = [];
    expect((await run(name)).stdout).toMatch(/^[A-Z].*\.|\)\.\n$/);
    expect(JSON.parse((await run(name, '-o', 'json')).stdout)).toEqual([]);
  });

  it('status does without the board while it has not been read yet', async () => {
    stage.answers['GET hardware'] = (_request: unknown, _body: string, response: ServerResponse) =>
      problem(response, 503, { code: 'HTTP_UNAVAILABLE', detail: 'The board has not been read yet' });
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).not.toContain('board');
  });

  it('lets no control characters of others through to the terminal', async () => {
    stage.answers['GET peers'] = [{ ...PEER, name: 'barn\x1b]0;owned\x07', lastError: 'a\nb' }];
    const { stdout } = await run('peers');
    expect([...stdout].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  it('is coloured for people at a terminal, not with NO_COLOR', async () => {
    const { done } = start(['status', '--data-dir', stage.dataDir], { isTTY: true });
    expect((await done).stdout).toContain('\x1b[');
    const quiet = start(['status', '--data-dir', stage.dataDir], { isTTY: true, env: { NO_COLOR: '1' } });
    expect((await quiet.done).stdout).not.toContain('\x1b[');
  });
});

describe('events', () => {
  it('takes "this severe or more", a kind and a number', async () => {
    stage.answers['GET events'] = (request: { url: string }) => {
      const severity = new URL(request.url, 'http://x').searchParams.get('severity');
      return severity === 'error'
        ? [event(4, { severity: 'error', message: 'bad' })]
        : [event(5, { severity: 'warning', message: 'odd' }), event(2, { severity: 'warning', message: 'old' })];
    };
    const { stdout } = await run('events', '--severity', 'warning', '--kind', 'camera.', '-n', '2');
    expect(stdout).toMatch(/error .*bad\n.*warning .*odd\n$/);
    expect(stage.asked.map(({ line }) => line)).toEqual([
      'GET events?severity=warning&kind=camera.&limit=2',
      'GET events?severity=error&kind=camera.&limit=2',
    ]);
  });

  it('takes a time', async () => {
    stage.answers['GET events'] = [event(2, { at: Date.now() - 1_000 }), event(1, { at: Date.now() - 7_200_000 })];
    expect(JSON.parse((await run('events', '--since', '1h', '-o', 'json')).stdout)).toMatchObject([{ id: 2 }]);
    expect((await run('events', '--since', 'yesterday')).code).toBe(2);
  });
});

describe('what changes something', () => {
  it('agents restart names the agent', async () => {
    expect(await run('agents', 'restart', 'camera/door')).toMatchObject({
      code: 0,
      stdout: 'Agent camera/door was restarted.\n',
    });
  });

  it('network invite prints the token alone, so that a script can take it', async () => {
    expect(await run('network', 'invite', '--expires', '2h', '--name', 'barn')).toMatchObject({
      code: 0,
      stdout: 'pmi_abc\n',
      stderr: expect.stringContaining('works once, for 2 h'),
    });
    expect(stage.asked[0]).toEqual({
      line: 'POST network/invites',
      body: { expiresInSeconds: 7_200, name: 'barn' },
    });
  });

  it('network show tells how far a change of the network key has got', async () => {
    const holders = [{ id: SELF, name: 'north' }];
    const rotation = {
      number: 2,
      startedAt: 0,
      until: Date.now() + 5 * 86_400_000,
      holders,
      missing: [{ id: BARN, name: 'barn' }],
    };
    const network = { id: 'net-4f2a9c31d0', name: 'home', holdsAuthority: true };
    const certificate = { issuedAt: 0, expiresAt: Date.now() - 2 * 86_400_000 };
    const problem = { cause: 'The certificate of this node expired', hint: 'Check the clock' };
    stage.answers['GET network'] = { ...network, certificate, key: { number: 2, since: 0, rotation }, problem };
    const { stdout } = await run('network', 'show');
    expect(stdout).toContain('number 2: 1 of 2 nodes have it, the one before it works for 5 d yet for: barn');
    expect(stdout).toContain('expired 2 d ago');
    expect(stdout).toContain('The certificate of this node expired. Check the clock');
    const json: unknown = JSON.parse((await run('network', 'show', '-o', 'json')).stdout);
    expect(json).toMatchObject({ key: { rotation }, certificate, problem, network: { name: 'home' } });
  });

  it('network create refuses a name that is none as wrong use, and leaves no folder behind', async () => {
    const dataDir = join(stage.dataDir, 'not-there');
    const { code, stderr } = await run('network', 'create', 'BAD/NAME', '--data-dir', dataDir);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('1 to 63 letters') });
    expect(existsSync(dataDir)).toBe(false);
  });

  it('network join hands the token to the daemon', async () => {
    const { code, stdout } = await run('network', 'join', 'pmi_abc');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'This node belongs to network home (…2a9c31d0).\n',
    });
    expect(stage.asked[0]?.body).toEqual({ token: 'pmi_abc' });
  });

  it('network remove takes a name or a part of the id, and passes over who was removed before', async () => {
    const member = { name: 'barn', issuedAt: 0, expiresAt: 2e12, revoked: false };
    const former = { ...member, id: `12D3KooWformer`, revoked: true };
    stage.answers['GET network/members'] = [{ ...member, id: BARN }, former, { ...member, id: SELF, name: 'north' }];
    stage.answers[`DELETE network/members/${BARN}`] = undefined;
    for (const wanted of ['barn', BARN, BARN.slice(0, 14), `…${BARN.slice(-8)}`]) {
      expect(await run('network', 'remove', wanted)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`Node barn (…${BARN.slice(-8)}) was removed from network home.\n`),
      });
      expect(stage.asked.slice(-2).map(({ line }) => line)).toEqual([
        `DELETE network/members/${BARN}`,
        'POST network/key-rotations',
      ]);
    }
    await run('network', 'remove', 'barn', '--keep-key');
    expect(stage.asked.at(-1)?.line).toBe(`DELETE network/members/${BARN}`);
    const wrong = async (wanted: string) => (await run('network', 'remove', wanted)).stderr;
    expect(await wrong('nobody')).toContain('No node of this network is called "nobody"');
    expect(await wrong('12D3KooW')).toContain('"12D3KooW" fits several nodes: barn');
    stage.answers['GET node'] = { ...NODE, network: { ...NODE.network, holdsAuthority: false } };
    expect(await wrong('barn')).toContain('does not hold the authority of network home');
  });

  it('token create prints the token alone; revoke takes its id', async () => {
    expect(await run('token', 'create', 'grafana', '--scopes', 'read,act', '--expires', '90d')).toMatchObject({
      code: 0,
      stdout: 'pm_k3v7ho2mwq_secret\n',
    });
    expect(stage.asked[0]?.body).toEqual({ name: 'grafana', scopes: ['read', 'act'], expiresInSeconds: 7_776_000 });
    expect(await run('token', 'revoke', 'k3v7ho2mwq')).toMatchObject({
      code: 0,
      stdout: 'Token k3v7ho2mwq is revoked.\n',
    });
    expect((await run('token', 'create', 'x', '--scopes', 'root')).code).toBe(2);
  });

  it('config reload says what is in force and what needs a restart', async () => {
    expect((await run('config', 'reload')).stdout).toBe(
      'In force now: log.level\nIn force after a restart: http.port\n',
    );
  });

  it('store check fails when the store is damaged', async () => {
    expect(await run('store', 'check')).toMatchObject({ code: 0, stdout: 'The store is sound.\n' });
    stage.answers['POST store/check'] = { ok: false, problems: ['page 7 is wrong'] };
    expect(await run('store', 'check')).toMatchObject({ code: 1, stdout: expect.stringContaining('page 7 is wrong') });
    expect((await run('store', 'backup')).stdout).toContain('parlmesh-1.db (1.2 MB)');
  });

  it('store backups looks where the daemon keeps its store', async () => {
    const asked: string[] = [];
    const listBackups = async (dataDir: string) => {
      asked.push(dataDir);
      return [];
    };
    const { done } = start(['store', 'backups', '--data-dir', stage.dataDir], { offline: { listBackups } });
    expect((await done).stdout).toBe('There are no backups yet.\n');
    expect(asked).toEqual(['/var/lib/parlmesh']);
  });

  it.each([
    ['network', 'create', 'home'],
    ['store', 'restore'],
  ])('%s %s refuses while a daemon runs', async (...args) => {
    expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('one is running') });
  });
});

describe('a daemon that refuses', () => {
  it('is quoted with its hint, and as JSON for programs', async () => {
    stage.answers['POST agents/nobody/restart'] = (_request: unknown, _body: string, response: never) =>
      problem(response, 404, {
        code: 'AGENT_UNKNOWN',
        detail: 'there is no agent "nobody"',
        hint: 'the agents are: a',
      });
    expect(await run('agents', 'restart', 'nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'parlmesh: there is no agent "nobody"\nthe agents are: a\n',
    });
    const { code, stderr } = await run('agents', 'restart', 'nobody', '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'AGENT_UNKNOWN',
        message: 'there is no agent "nobody"',
        hint: 'the agents are: a',
        data: { status: 404 },
      },
    });
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['answers no JSON', (response) => void response.writeHead(200).end('<html>'), 'it is no JSON'],
    ['answers no list', (response) => void response.writeHead(200).end('{}'), 'it is no list'],
    ['answers with a bare status', (response) => void response.writeHead(502).end('oops'), 'status 502'],
    ['hangs up', (response) => void response.destroy(), 'closed the connection'],
  ])('that %s is told apart', async (_name, answer, message) => {
    stage.answers['GET peers'] = (_request: unknown, _body: string, response: ServerResponse) => answer(response);
    // A function that has answered must not be answered for once more.
    const { code, stderr } = await run('peers');
    expect({ code, told: stderr.includes(message) }, stderr).toEqual({ code: 1, told: true });
  });
});

it('finds the daemon by PARLMESH_SOCKET and PARLMESH_DATA_DIR', async () => {
  const bySocket = start(['peers'], { env: { PARLMESH_SOCKET: `${stage.dataDir}/parlmesh.sock` } });
  expect((await bySocket.done).stdout).toContain(BARN.slice(-8));
  const byFolder = start(['peers'], { env: { PARLMESH_DATA_DIR: stage.dataDir } });
  expect((await byFolder.done).stdout).toContain(BARN.slice(-8));
});
