// Examples for the description of the API: what a reader of /docs sees before they have a node.

import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import type { JobView, TaskView } from '../../agents/swarm/job-view.ts';
import type { ImportedPolicyView, PolicyView } from '../view/policy-schema.ts';
import type { RouteChangeView, RouteView } from '../view/route-schema.ts';
import type { EventView, LinkView, ObservationView, PeerView } from '../view/schema.ts';
import type { ProblemView } from './problem.ts';

const BRAVO = '12D3KooWAhvDvAS2pqTtmoM7gxpUyWNSj5MWhM9iyMmLWwTfXeBt';
const CHARLIE = '12D3KooWKjJjnmSUnRfz1hNGmZ1A1UVjFmhKYQd1T4Kz5Pbg1fYa';
const NOON = Date.UTC(2026, 10, 24, 12, 3);

const link: LinkView = {
  peer: BRAVO,
  peerName: 'bravo',
  transport: 'libp2p',
  state: 'up',
  since: NOON,
  roundTripSeconds: 0.0021,
  jitterSeconds: 0.0003,
  loss: 0.01,
  cost: 10,
};

const peer: PeerView = {
  id: BRAVO,
  name: 'bravo',
  state: 'connected',
  since: NOON,
  transports: ['libp2p'],
  addresses: ['/ip4/192.168.1.12/tcp/7421'],
  lastSeenAt: NOON,
  profile: 'raspberry-pi-4',
  load: 0.2,
  score: 0.03,
};

const route: RouteView = {
  destination: CHARLIE,
  destinationName: 'charlie',
  nextHop: BRAVO,
  nextHopName: 'bravo',
  cost: 20,
  path: [BRAVO, CHARLIE],
  pathNames: ['bravo', 'charlie'],
  since: NOON,
  reason: 'link to charlie went down',
};

const routeChange: RouteChangeView = {
  id: 31,
  at: NOON,
  kind: 'moved',
  destination: CHARLIE,
  destinationName: 'charlie',
  before: { nextHop: CHARLIE, nextHopName: 'charlie', path: [CHARLIE], pathNames: ['charlie'], cost: 12 },
  after: { nextHop: BRAVO, nextHopName: 'bravo', path: [BRAVO, CHARLIE], pathNames: ['bravo', 'charlie'], cost: 20 },
  reason: 'link to charlie went down (no answer for 151 ms)',
  afterSeconds: 0.0004,
  backup: {
    kind: 'lfa',
    nextHop: BRAVO,
    nextHopName: 'bravo',
    path: [BRAVO, CHARLIE],
    pathNames: ['bravo', 'charlie'],
  },
  sentence: 'Route to charlie was direct, is now over bravo: link to charlie went down (no answer for 151 ms)',
};

const event: EventView = {
  id: 412,
  at: NOON,
  severity: 'warning',
  kind: 'link.down',
  subject: `link/${CHARLIE}`,
  message: 'Link to charlie is down: no answer to three probes; charlie is reached over bravo',
};

const observation: ObservationView = {
  id: 'north-1187',
  camera: 'north',
  phase: 'update',
  label: 'person',
  confidence: 0.93,
  box: { x: 0.41, y: 0.4, width: 0.08, height: 0.25 },
  zones: ['path'],
  startedAt: NOON,
  updatedAt: NOON + 2000,
  snapshot: '/api/v3/observations/north-1187/picture',
};

const jobSpec: JobSpec = {
  name: 'Nightly report',
  priority: 3,
  tasks: [
    { id: 'fetch', kind: 'http.get', input: { url: 'http://192.168.1.20/log.csv' }, retries: 5 },
    { id: 'count', kind: 'module', input: { module: 'count.mjs', of: { $result: 'fetch' } }, timeout: 60 },
  ],
};

const job: JobView = {
  id: 'j-7c2f61',
  name: 'Nightly report',
  state: 'running',
  priority: 3,
  submittedAt: NOON,
  submittedBy: 'anna',
  home: { id: BRAVO, name: 'bravo' },
  deputy: { id: CHARLIE, name: 'charlie' },
  counts: { waiting: 1, ready: 0, running: 1, succeeded: 0, failed: 0, 'set-aside': 0, cancelled: 0 },
  scheduler: 'heft',
  figures: {
    seconds: 2.1,
    workSeconds: 0,
    criticalSeconds: 0,
    steps: 0,
    criticalSteps: 0,
    mostParallel: 1,
    speedUp: 0,
    bound: 1,
  },
};

const task: TaskView = {
  id: 'fetch',
  kind: 'http.get',
  state: 'running',
  needs: [],
  expectedSeconds: 1,
  readyAt: NOON,
  startedAt: NOON + 40,
  critical: true,
  attempts: [
    {
      number: 1,
      node: { id: CHARLIE, name: 'charlie' },
      placedAt: NOON + 12,
      startedAt: NOON + 40,
      outcome: 'running',
      why: 'charlie would finish it first: two free slots, speed 1.6',
    },
  ],
  log: ['GET http://192.168.1.20/log.csv'],
};

const POLICY = '9f86d081884c7d65';
const PACKAGED = '2c26b46b68ffc68f';
const why = 'in a replay of recent jobs the learned policy finished them 1.08 times as fast as heft';

const policy: PolicyView = {
  ...{ scheduler: 'parl', why, policy: POLICY, recentJobs: 96 },
  judgement: { serves: 'parl', why, gain: 1.08, over: 'heft', at: NOON, jobs: 96 },
  experience: { rows: 212, bytes: 3_480_000, skipped: 0 },
  lessonSeconds: 412,
  curve: [
    {
      ...{ at: NOON, kind: 'practise', decisions: 960, return: -1.31 },
      ...{ entropy: 0.92, divergence: 0.006, explainedVariance: 0.71 },
    },
  ],
  policies: [
    {
      ...{ version: POLICY, current: true, merit: { gain: 1.08, over: 'heft', at: NOON } },
      lineage: { kind: 'trained', parent: PACKAGED, node: BRAVO, madeAt: NOON, decisions: 158_400 },
    },
    {
      version: PACKAGED,
      current: false,
      lineage: { kind: 'pretrained', madeAt: NOON - 86_400_000, decisions: 151_000 },
    },
  ],
};

const imported: ImportedPolicyView = { version: POLICY, signedBy: 'member' };

const problem: ProblemView = {
  type: '/api/v3/problems#CAMERA_NOT_FOUND',
  title: 'Camera not found',
  status: 404,
  detail: 'There is no camera "moon"',
  code: 'CAMERA_NOT_FOUND',
  hint: 'GET /api/v3/cameras',
};

/** By the name of the component. */
export const EXAMPLES: Readonly<Record<string, object>> = {
  Event: event,
  ImportedPolicy: imported,
  Job: job,
  JobSpec: jobSpec,
  Link: link,
  Observation: observation,
  Peer: peer,
  PolicyOverview: policy,
  Problem: problem,
  Task: task,
  Route: route,
  RouteChange: routeChange,
};
