// A real HTTP server on a Unix socket that answers as a daemon would, and the real command line in front of it.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { OfflineActions } from '../../../daemon/cli/offline.ts';
import { createProgram } from '../../../daemon/cli/program.ts';
import { Terminal } from '../../../daemon/cli/terminal.ts';
import type { PlanView, RouteChangeView, RouteExplanationView, RouteView } from '../../../daemon/view/route-schema.ts';
import type {
  AgentView,
  CameraView,
  EventView,
  HardwareView,
  LinkView,
  ModelView,
  NodeView,
  PeerView,
  StoreView,
} from '../../../daemon/view/schema.ts';

const at = Date.now() - 7_200_000;
export const SELF = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp';
export const BARN = '12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu';
const MILL = '12D3KooWMillMillMillMillMillMillMillMillMillMillMi11';

export const NODE: NodeView = {
  id: SELF,
  name: 'north',
  version: '0.1.0',
  network: { id: 'net-4f2a9c31d0', name: 'home', holdsAuthority: true },
  profile: { name: 'raspberry-pi-4', title: 'Raspberry Pi 4', reason: 'The device tree says so.' },
  startedAt: at,
  uptimeSeconds: 7_200,
  health: { state: 'well', sentence: 'All 2 nodes are well', problems: [] },
  services: [{ name: 'mesh', state: 'running', required: true, since: at, attempts: 0 }],
  addresses: { page: ['http://127.0.0.1:7420'], mesh: ['/ip4/127.0.0.1/tcp/4001'], broker: 'mqtt://127.0.0.1:1883' },
};
export const HARDWARE: HardwareView = {
  at: Date.now(),
  cpu: { load: 0.12, cores: 4, load1: 0.5 },
  memory: { totalBytes: 4e9, availableBytes: 2.5e9, processBytes: 9e7 },
  temperatureCelsius: 54,
  disk: { path: '/var/lib/parlmesh', totalBytes: 32e9, availableBytes: 20e9 },
  interfaces: [],
  uptimeSeconds: 90_000,
  eventLoopDelaySeconds: 0.01,
};
export const PEER: PeerView = {
  id: BARN,
  name: 'barn',
  state: 'connected',
  since: at,
  transports: ['libp2p'],
  addresses: [],
  load: 0.4,
  score: 0.02,
  version: '0.1.0',
};
export const LINK: LinkView = {
  peer: BARN,
  peerName: 'barn',
  transport: 'libp2p',
  state: 'up',
  since: at,
  roundTripSeconds: 0.0042,
  jitterSeconds: 0.0004,
  loss: 0,
  cost: 4.2,
};
export const ROUTE: RouteView = {
  destination: BARN,
  destinationName: 'barn',
  nextHop: BARN,
  nextHopName: 'barn',
  cost: 4.2,
  path: [BARN],
  pathNames: ['barn'],
  since: at,
  reason: 'direct',
};
const AROUND = { path: ['mill', BARN], pathNames: ['mill', 'barn'], cost: 9 };
export const EXPLANATION: RouteExplanationView = {
  route: { ...ROUTE, backup: { ...AROUND, kind: 'path', nextHop: 'mill', nextHopName: 'mill', protects: 'link' } },
  alternatives: [AROUND],
  change: {
    from: SELF,
    fromName: 'north',
    to: BARN,
    toName: 'barn',
    cost: 4.2,
    direction: 'above',
    threshold: 9,
    becomes: AROUND,
    sentence: 'If the link from north to barn cost more than 9 instead of 4.2, the route would go over mill.',
  },
};
const NORTH_BARN = { a: SELF, aName: 'north', b: BARN, bName: 'barn' };
export const PLAN: PlanView = {
  nodes: 3,
  links: 3,
  traffic: 'uniform',
  measuredTotal: 1200,
  capacities: 'equal',
  busiest: [{ ...NORTH_BARN, load: 4, share: 0.5, planned: 3, measured: 1200 }],
  cutNodes: [],
  cutLinks: [{ a: BARN, aName: 'barn', b: 'mill', bName: 'mill', cutsOff: 1 }],
  weights: {
    ...{ maximum: 4, improved: 3, changes: [{ ...NORTH_BARN, cost: 4.2, better: 6 }], trials: 9 },
    moved: { pairs: 2, share: 0.25 },
    meanCost: { before: 8, after: 8.4 },
  },
  steering: { kind: 'idle', step: 0, steps: 4, links: 0, since: at },
  threads: 1,
};
/** A peer that this node lost, and the route that went with its link. */
export const LOST_PEER: PeerView = {
  ...PEER,
  id: MILL,
  name: 'mill',
  state: 'reachable',
  presence: {
    state: 'suspect',
    since: at,
    suspectedBy: [{ id: SELF, name: 'north', since: at }],
    tried: [
      { way: 'udp', outcome: 'silent', at },
      { way: 'indirect', via: BARN, viaName: 'barn', outcome: 'answered', at },
    ],
    localDoubt: 1,
    flaps: 3,
    damped: false,
    why: 'north lost its link to it; UDP fell silent; barn reaches it',
  },
};
export const ROUTE_CHANGE: RouteChangeView = {
  id: 7,
  at,
  kind: 'moved',
  destination: MILL,
  destinationName: 'mill',
  before: { nextHop: MILL, nextHopName: 'mill', path: [MILL], pathNames: ['mill'], cost: 11 },
  after: { nextHop: BARN, nextHopName: 'barn', path: [BARN, MILL], pathNames: ['barn', 'mill'], cost: 23 },
  reason: 'link to mill went down (no answer for 151 ms)',
  afterSeconds: 0.0004,
  backup: { kind: 'lfa', nextHop: BARN, nextHopName: 'barn', path: [BARN, MILL], pathNames: ['barn', 'mill'] },
  sentence: 'Route to mill was direct, is now over barn: link to mill went down (no answer for 151 ms)',
};
export const AGENT: AgentView = {
  id: 'camera/door',
  kind: 'camera',
  version: '1',
  state: 'ready',
  since: at,
  restarts: 1,
  capabilities: ['camera.capture@node'],
  mailbox: { waiting: 0, most: 64, dropped: 0 },
};
export const CAMERA: CameraView = {
  id: 'door',
  source: 'folder',
  state: 'live',
  since: at,
  width: 640,
  height: 480,
  framesPerSecond: 2,
  framesTotal: 100,
  framesSkipped: 0,
  framesBroken: 0,
  objects: [],
  counts: { person: 2, dog: 1 },
  zones: [],
};
export const MODEL: ModelView = {
  id: 'centernet',
  title: 'MB3-CenterNet',
  file: 'centernet.onnx',
  sha256: '00',
  licence: 'MIT',
  source: 'npm',
  task: 'detection',
  inputSize: [512, 512],
  classes: 80,
  state: 'ok',
  isDefault: true,
};
export const STORE: StoreView = {
  path: '/var/lib/parlmesh/parlmesh.db',
  bytes: 1e6,
  schemaVersion: 1,
  state: 'ok',
  queued: 0,
  shed: 0,
  writtenBytes: 1e6,
  rows: { events: 3 },
};
const TOKEN = { id: 'k3v7ho2mwq', name: 'grafana', scopes: ['read'], createdAt: at };

export function event(id: number, more: Partial<EventView> = {}): EventView {
  return {
    id,
    at: at + id * 1000,
    severity: 'info',
    kind: 'node.started',
    subject: 'node',
    message: `entry ${id}`,
    ...more,
  };
}

export type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => unknown;

/** A well node with one of everything. */
export function wellNode(): Record<string, unknown> {
  return {
    'GET node': NODE,
    'GET hardware': HARDWARE,
    'GET incidents': [],
    'GET peers': [PEER],
    'GET links': [LINK],
    'GET routes': [ROUTE],
    'GET routes/barn/explain': EXPLANATION,
    'GET routes/plan': PLAN,
    'GET routes/log': [ROUTE_CHANGE],
    'GET agents': [AGENT],
    'GET cameras': [CAMERA],
    'GET vision/cameras/door/zones': { zones: [], masks: [], privacy: [], drawn: true },
    'GET models': [MODEL],
    'GET store': STORE,
    'GET events': [event(3), event(2), event(1)],
    'GET config': { name: 'north', http: { port: 7420 } },
    'GET tokens': [TOKEN],
    'GET network/members': [
      { id: BARN, name: 'barn', issuedAt: at, expiresAt: Date.now() + 86_400_000, revoked: false },
    ],
    'GET network': {
      ...{ id: 'net-4f2a9c31d0', name: 'home', holdsAuthority: true },
      certificate: { issuedAt: at, expiresAt: Date.now() + 90 * 86_400_000 },
      key: { number: 0, since: at },
    },
    'POST network/key-rotations': {
      ...{ number: 1, startedAt: at, until: Date.now() + 30 * 86_400_000, holders: [{ id: SELF, name: 'north' }] },
      missing: [{ id: BARN, name: 'barn' }],
    },
    'POST network/invites': { token: 'pmi_abc', expiresAt: Date.now() + 3_600_000 },
    'POST network/join': { network: { id: 'net-4f2a9c31d0', name: 'home' } },
    'POST tokens': { token: 'pm_k3v7ho2mwq_secret', ...TOKEN },
    'POST config/reload': { applied: ['log.level'], needRestart: ['http.port'] },
    'POST store/check': { ok: true, problems: [] },
    'POST store/backup': { file: '/var/lib/parlmesh/backups/parlmesh-1.db', bytes: 1_200_000 },
    'POST agents/camera%2Fdoor/restart': undefined,
    'DELETE tokens/k3v7ho2mwq': undefined,
  };
}

/** Answers, by `METHOD resource`: a value for JSON, or a function that answers itself or returns the value. */
export class Stage {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-cli-'));
  readonly asked: { line: string; body: unknown }[] = [];
  answers: Record<string, unknown> = wellNode();
  #server: Server | undefined;

  async open(): Promise<this> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(join(this.dataDir, 'parlmesh.sock'), resolve));
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const line = `${request.method} ${request.url?.replace('/api/v3/', '')}`;
    this.asked.push({ line, body: body === '' ? undefined : JSON.parse(body) });
    const key = line.replace(/\?.*/, '');
    if (!Object.hasOwn(this.answers, key))
      return problem(response, 404, { code: 'HTTP_NOT_FOUND', detail: `no ${key}` });
    const answer = this.answers[key];
    const value = typeof answer === 'function' ? (answer as Answer)(request, body, response) : answer;
    if (response.headersSent) return;
    if (value === undefined) response.writeHead(204).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }
}

export function problem(response: ServerResponse, status: number, more: Record<string, unknown>): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ title: 'No', status, ...more }));
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Running {
  done: Promise<Outcome>;
  stdout(): string;
  stderr(): string;
  end(): void;
}

const refuse = (): Promise<never> => Promise.reject(new Error('not played in this test'));

export const NOTHING_OFFLINE: OfflineActions = {
  createNetwork: refuse,
  joinNetwork: refuse,
  showNetwork: refuse,
  checkStore: refuse,
  backupStore: refuse,
  listBackups: refuse,
  restoreStore: refuse,
  listModels: refuse,
  verifyAudit: refuse,
};

/** Starts the real command line in this process, with streams of its own. */
export function start(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; offline?: Partial<OfflineActions>; isTTY?: boolean } = {},
): Running {
  const env = { HOME: '/nonexistent', ...options.env };
  const stdout = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false });
  const stderr = new PassThrough();
  const written = { stdout: '', stderr: '' };
  stdout.on('data', (chunk) => {
    written.stdout += String(chunk);
  });
  stderr.on('data', (chunk) => {
    written.stderr += String(chunk);
  });
  const abort = new AbortController();
  const program = createProgram({
    version: '1.2.3',
    terminal: new Terminal({ stdout, stderr, env }),
    env,
    offline: async () => ({ ...NOTHING_OFFLINE, ...options.offline }),
    signal: abort.signal,
  });
  const done = program.execute(args).then(async (code) => {
    await new Promise((resolve) => setImmediate(resolve));
    return { code, ...written };
  });
  return { done, stdout: () => written.stdout, stderr: () => written.stderr, end: () => abort.abort() };
}
