import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { VirtualClock } from '../../../core/clock.ts';
import { Metrics, type Totals } from '../../../daemon/telemetry/metrics.ts';
import { DROP_REASONS, DropCounters } from '../../../mesh/counters.ts';
import { Forwarder } from '../../../mesh/relay/forwarder.ts';
import { ExampleNode } from '../http/example-view.ts';
import { startServer } from '../http/harness.ts';

const ROOT = join(import.meta.dirname, '../../..');

const NO_RELAY_DROPS = new Forwarder({
  self: 'self',
  clock: new VirtualClock(),
  send: () => false,
  isClear: () => false,
  isUp: () => false,
  nextHop: () => undefined,
  deliver: () => {},
  room: () => {},
}).counts().drops;

const TOTALS: Totals = {
  membership: { certificateSeconds: 86_400, keyNumber: 2, withoutKey: 1, requests: { renewed: 3, revoked: 1 } },
  mesh: {
    drops: new DropCounters().snapshot(),
    strangers: { 'other-network': 2 },
    traffic: { libp2p: { sentMessages: 1, sentBytes: 100, receivedMessages: 2, receivedBytes: 200 } },
    accepted: { 'link-state': 7 },
    published: 3,
    transit: { answered: 30, unanswered: 2, avoided: 1 },
    routeComputations: 5,
    routeChanges: 4,
    backups: { lfa: 3, path: 1, none: 2 },
    reroutedFrames: 17,
    dialsFailed: 1,
    planning: { raisedLinks: 2, toldRate: 40_000 },
    probes: {
      sent: 1200,
      received: 1190,
      refused: { size: 1, unknown: 2, replay: 0, forged: 0, offer: 0, rate: 0 },
      doubt: 0,
    },
  },
  relay: {
    forwardedFrames: 9,
    forwardedBytes: 9000,
    sentFrames: 3,
    deliveredFrames: 2,
    rescuedFrames: 1,
    queuedFrames: 1,
    queuedBytes: 1000,
    drops: { ...NO_RELAY_DROPS, ttl: 1 },
    sessions: 1,
    streams: 1,
  },
  federation: {
    ...{ rounds: { proposed: 3, rejected: 1, 'too-few': 1 }, running: 1 },
    updates: { taken: 12, bytes: 40_800, refused: { forged: 2, stale: 1 } },
    ...{ declined: { busy: 1 }, ended: { sent: 4 } },
    shipped: { bytes: 81_920, rows: 12, refused: { 'too-fast': 1 } },
    ...{ lag: { rows: 2, seconds: 30 }, received: { bytes: 1_000, rows: 3, refused: { stranger: 1 } } },
    ...{ term: 3, coordinates: true, fates: { settled: 2, carried: 0, refused: 1, 'taken-back': 1 } },
  },
  mqttConnected: true,
  swarm: {
    jobs: { running: 2, deputy: 1 },
    worker: {
      ...{ life: 'a', slots: 4, queue: 16, running: 3, queued: 1, speed: 1, stress: 0.1, meanSeconds: 1, memory: 900 },
      ...{
        kinds: ['wait'],
        labels: {},
        jobs: 2,
        agents: 4,
        unrecorded: 0,
        done: 9,
        failed: 1,
        interrupted: 0,
        repeated: 0,
      },
    },
    placing: { placed: 12, refused: 0, recalled: 2, rounds: 5 },
    tasks: { finished: 9, failed: 2, retried: 1, lost: 1, setAside: 0, waitedSeconds: 4.5 },
    log: { events: 30, batches: 9 },
    succession: { takenOver: 1, yielded: 0, resumed: 0 },
    refused: {},
  },
  work: {
    letters: { sent: 12, delivered: 9, refused: { LETTER_LOOP: 1, MAILBOX_FULL: 2 } },
    modules: { running: 2, opened: 5, denied: 1 },
    pool: { running: 3, waiting: 4, begun: 20, waitedSeconds: 2.5 },
    frames: { handedOn: 3, taken: 2, failed: 1 },
    texts: { read: 7, failed: 1, seconds: 3.5, waiting: 2 },
    blobs: {
      ...{ blobs: 2, bytes: 3_000_000, mostBytes: 1e9, needed: 1, corrupt: 0 },
      ...{ fetched: 1, given: 2, fetchedBytes: 1_000_000, givenBytes: 2_000_000, lies: 0, fetching: 0, giving: 0 },
      refused: { invalid: 0, unknown: 1, busy: 0 },
      speeds: [['a node that left', 4_000_000]],
    },
  },
};

async function setUp(totals: Totals = TOTALS) {
  const node = new ExampleNode({ clock: new VirtualClock() });
  const metrics = new Metrics({ view: node, totals: () => totals });
  await metrics.start();
  onTestFinished(() => metrics.stop());
  return { node, metrics };
}

/** Sample lines by their name and labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** Names of metrics in a query, without the parts that a histogram adds. */
function namesIn(expression: string): string[] {
  return [...expression.matchAll(/\bparlmesh_[a-z0-9_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
}

describe('metrics', () => {
  it('show what the views show, read at the scrape', async () => {
    const { node, metrics } = await setUp();
    const first = samples(await metrics.text());
    expect(first.get('parlmesh_build_info{node="alpha",version="0.1.0",profile="raspberry-pi-4",network="home"}')).toBe(
      1,
    );
    expect(first.get('parlmesh_uptime_seconds')).toBe(3600);
    expect(first.get('parlmesh_service_state{service="camera/yard",state="degraded"}')).toBe(1);
    expect(first.get('parlmesh_service_state{service="camera/yard",state="running"}')).toBe(0);
    expect(first.get('parlmesh_peers{state="connected"}')).toBe(3);
    expect(first.get('parlmesh_peers{state="gone"}')).toBe(0);
    expect(first.get('parlmesh_routes')).toBe(4);
    expect(first.get('parlmesh_camera_up{camera="yard"}')).toBe(0);
    expect(first.get('parlmesh_camera_objects{camera="north",label="person"}')).toBe(1);
    expect(first.get('parlmesh_gossip_accepted_total{topic="link-state"}')).toBe(7);
    expect(first.get('parlmesh_gossip_dropped_total{reason="forged"}')).toBe(0);
    expect(first.get('parlmesh_mqtt_connected')).toBe(1);
    const bravo = node.links()[0]!;
    expect(first.get(`parlmesh_link_cost{peer="bravo",peer_id="${bravo.peer}"}`)).toBe(bravo.cost);

    for (let i = 0; i < 12; i++) node.advance();
    const later = samples(await metrics.text());
    expect([...later].find(([name]) => name.startsWith('parlmesh_link_up{peer="charlie"'))?.[1]).toBe(0);
    expect(later.get('parlmesh_camera_frames_total{camera="north"}')).toBe(18_060);
    expect(later.get('parlmesh_gossip_accepted_total{topic="link-state"}')).toBe(7);
  });

  it('leave out what this board cannot tell', async () => {
    const { node, metrics } = await setUp({});
    Object.defineProperty(node, 'hardware', { value: () => undefined });
    const found = samples(await metrics.text());
    const names = new Set([...found.keys()].map((key) => key.split('{')[0]));
    for (const absent of ['temperature_celsius', 'cpu_usage_ratio', 'mqtt_connected', 'gossip_published_total']) {
      expect(names, absent).not.toContain(`parlmesh_${absent}`);
    }
    expect(found.get('parlmesh_store_up')).toBe(1);
  });

  it('forget what is gone', async () => {
    const { node, metrics } = await setUp();
    await metrics.text();
    Object.defineProperty(node, 'links', { value: () => [] });
    expect(await metrics.text()).not.toContain('parlmesh_link_up{');
  });

  it('count observations when they begin, with a bounded number of labels', async () => {
    const { node, metrics } = await setUp();
    const [seen] = node.observations({ limit: 1 });
    const tell = (label: string, phase: string) =>
      node.tell({ topic: 'observation', value: { ...seen, label, phase } });
    for (const phase of ['start', 'update', 'end', 'start']) tell('person', phase);
    for (let i = 0; i < 400; i++) tell(`label-${i}`, 'start');
    node.tell({ topic: 'observation', value: null });
    const found = samples(await metrics.text());
    expect(found.get('parlmesh_observations_total{camera="north",label="person"}')).toBe(2);
    const counted = [...found].filter(([name]) => name.startsWith('parlmesh_observations_total'));
    expect(counted).toHaveLength(257);
    expect(counted.reduce((sum, [, value]) => sum + value, 0)).toBe(402);
  });

  it('time requests by route template, not by address', async () => {
    const { metrics } = await setUp();
    const { call } = await startServer({ more: { observer: metrics } });
    await call('/api/v3/node');
    await call('/api/v3/cameras/north/picture');
    await call('/api/v3/cameras/moon/picture');
    await call(`/api/v3/${'x'.repeat(50)}`);
    await expect
      .poll(async () =>
        [...samples(await metrics.text()).keys()].filter((name) => name.includes('request_duration_seconds_count')),
      )
      .toHaveLength(4);
    const found = samples(await metrics.text());
    const count = (route: string, status: string) =>
      found.get(`parlmesh_http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"}`);
    expect(count('/api/v3/node', '2xx')).toBe(1);
    expect(count('/api/v3/cameras/:id/picture', '2xx')).toBe(1);
    expect(count('/api/v3/cameras/:id/picture', '4xx')).toBe(1);
    expect([...found.keys()].some((name) => name.includes('xxx'))).toBe(false);
  });

  it('tell how links fail, what takes over, and how soon routes follow', async () => {
    const { node, metrics } = await setUp();
    for (const seconds of [0.0002, 0.02, 2]) metrics.observeConvergence(seconds);
    node.mesh.toggle();
    const found = samples(await metrics.text());
    const of = (name: string, peer: string) =>
      [...found].find(([key]) => key.startsWith(`${name}{peer="${peer}"`))?.[1];
    expect(of('parlmesh_link_failures_total', 'charlie')).toBe(1);
    expect(of('parlmesh_link_damped', 'delta')).toBe(1);
    expect(of('parlmesh_link_udp_probed', 'delta')).toBe(0);
    expect(found.get('parlmesh_members{state="suspect"}')).toBe(1);
    expect(found.get('parlmesh_routes_without_backup')).toBe(4);
    expect(found.get('parlmesh_backups_used_total{kind="path"}')).toBe(1);
    expect(found.get('parlmesh_rerouted_frames_total')).toBe(17);
    expect(found.get('parlmesh_route_convergence_seconds_bucket{le="0.0003"}')).toBe(1);
    expect(found.get('parlmesh_route_convergence_seconds_bucket{le="0.3"}')).toBe(2);
    expect(found.get('parlmesh_route_convergence_seconds_count')).toBe(3);
  });

  it('tell how long rounds take', async () => {
    const { metrics } = await setUp();
    for (const seconds of [4, 45, 4000]) metrics.observeRound(seconds);
    const found = samples(await metrics.text());
    const upTo = (le: string) => found.get(`parlmesh_federation_round_duration_seconds_bucket{le="${le}"}`);
    expect([upTo('5'), upTo('60'), upTo('1800'), upTo('+Inf')]).toEqual([1, 2, 2, 3]);
    expect(found.get('parlmesh_federation_round_duration_seconds_sum')).toBe(4049);
  });

  it('tell how jobs end, once each, and what became of tasks', async () => {
    const { node, metrics } = await setUp();
    const [mosaic] = node.jobs({ state: 'running' });
    const told = (state: string) => node.tell({ topic: 'job', value: { ...mosaic, state } });
    for (const state of ['running', 'running', 'succeeded', 'succeeded', 'running', 'failed']) told(state);
    const found = samples(await metrics.text());
    expect(found.get('parlmesh_jobs_ended_total{state="succeeded"}')).toBe(1);
    expect(found.get('parlmesh_jobs_ended_total{state="failed"}')).toBe(1);
    expect(found.get('parlmesh_jobs{state="deputy"}')).toBe(1);
    expect(found.get('parlmesh_tasks_total{outcome="lost"}')).toBe(1);
    expect(found.get('parlmesh_task_wait_seconds_total')).toBe(4.5);
    expect(found.get('parlmesh_tasks_ready')).toBe(3);
    expect(found.get('parlmesh_swarm_slots')).toBe(4);
  });

  it('tell of letters, modules, threads and blobs', async () => {
    const { metrics } = await setUp();
    const found = samples(await metrics.text());
    expect(found.get('parlmesh_letters_received_total')).toBe(9);
    expect(found.get('parlmesh_letters_refused_total{code="MAILBOX_FULL"}')).toBe(2);
    expect(found.get('parlmesh_module_denied_total')).toBe(1);
    expect(found.get('parlmesh_pool_wait_seconds_total')).toBe(2.5);
    expect(found.get('parlmesh_blob_bytes')).toBe(3_000_000);
    expect(found.get('parlmesh_blob_transmit_bytes_total')).toBe(2_000_000);
    expect(found.get('parlmesh_blob_requests_refused_total{reason="unknown"}')).toBe(1);
    expect(found.get('parlmesh_blob_speed_bytes_per_second{peer="a node that left"}')).toBe(4_000_000);
  });

  it('follow the conventions for names', async () => {
    const { metrics } = await setUp();
    for (const { name, type, help, labels } of metrics.describe()) {
      expect(name).toMatch(/^parlmesh_[a-z][a-z0-9_]*[a-z0-9]$/);
      expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name, name).not.toMatch(/_(ms|milliseconds|mb|kb|percent)(_|$)/);
      for (const label of labels) expect(label, name).toMatch(/^[a-z][a-z_]*$/);
    }
    expect(DROP_REASONS.length).toBeLessThan(50);
  });
});

describe('what uses the metrics', () => {
  it('docs/metrics.md describes each (run vitest -u to write it anew)', async () => {
    const { metrics } = await setUp();
    const rows = metrics
      .describe()
      .map(
        ({ name, type, help, labels }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
      );
    const page = [
      '# Metrics',
      '',
      'Each node tells its own metrics to Prometheus at `/metrics` (scope `read`). `deploy/prometheus` has a scrape',
      'configuration and alert rules, `deploy/grafana` a dashboard that shows every metric. What a board cannot tell (a',
      'temperature, throttling, eMMC wear) is absent there. This page is generated from the metrics themselves.',
      '',
      '| metric | type | labels | meaning |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/metrics.md'));
  });

  it('the Grafana dashboard shows each metric and no other', async () => {
    const { metrics } = await setUp();
    const dashboard: unknown = JSON.parse(await readFile(join(ROOT, 'deploy/grafana/parlmesh.json'), 'utf8'));
    const used = new Set(namesIn(JSON.stringify(dashboard)));
    expect([...used].toSorted()).toEqual(
      metrics
        .describe()
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  it('each alert rule asks for metrics and labels that exist', async () => {
    const { metrics } = await setUp();
    const rules = parse(await readFile(join(ROOT, 'deploy/prometheus/parlmesh-alerts.yaml'), 'utf8')) as {
      groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
    };
    const known = new Map(metrics.describe().map(({ name, labels }) => [name, labels]));
    for (const { alert, expr, annotations } of rules.groups.flatMap((group) => group.rules)) {
      expect(annotations.summary, alert).toBeTruthy();
      const names = namesIn(expr);
      for (const name of names) expect(known.has(name), `${alert}: ${name}`).toBe(true);
      const labels = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!);
      const allowed = ['instance', ...names.flatMap((name) => known.get(name) ?? [])];
      for (const label of labels) expect(allowed, alert).toContain(label);
    }
  });
});
