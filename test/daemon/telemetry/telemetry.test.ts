import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { Topics } from '../../../daemon/telemetry/topics.ts';
import { freePort } from '../../free-port.ts';
import { Bench, noMosquitto, retained, startAedes, startMosquitto, subscriber, type TestBroker } from './brokers.ts';
import { eventually } from './eventually.ts';
import { ready } from './ready.ts';
import { ALL, DEVICE, ROOT, topics } from './retained.ts';
import { agent, camera, job, NODE_ID, observation, TestNode } from './test-node.ts';

describe.each([
  { kind: 'aedes', start: startAedes, missing: '' },
  { kind: `mosquitto${noMosquitto && ` (skipped: ${noMosquitto})`}`, start: startMosquitto, missing: noMosquitto },
])('telemetry over $kind', ({ start, missing }) => {
  const test = it.skipIf(missing !== '');

  async function broker(port?: number): Promise<TestBroker> {
    const started = await start(port ?? (await freePort()));
    onTestFinished(() => started.stop());
    return started;
  }

  test('publishes exactly its topics, retained', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const state = JSON.parse((await retained(url)).get(`${ROOT}/state`)!);
    expect(state).toMatchObject({
      name: 'alpha',
      startedAt: '2026-06-01T00:00:00.000Z',
      health: { sentence: 'All 2 nodes are well' },
      services: { store: 'running' },
      peers: { connected: 1, reachable: 1 },
    });
    expect((await retained(url)).get(`${ROOT}/availability`)).toBe('online');
  });

  test('publishes everything again, and nothing stale, when the broker comes back empty', async () => {
    const port = await freePort();
    const first = await broker(port);
    const bench = ready(new Bench({ url: first.url }));
    await bench.start();
    await eventually(() => topics(first.url)).toEqual(ALL);

    await first.stop();
    await eventually(() => bench.causes.at(-1)).toBeTypeOf('string');
    bench.node.cameraViews = [camera('south')];
    bench.node.tell('cameras');

    const second = await broker(port);
    await eventually(() => bench.causes.at(-1)).toBeUndefined();
    const expected = ALL.map((topic) =>
      typeof topic === 'string'
        ? topic.replace('cameras/north', 'cameras/south').replace('_camera_north/', '_camera_south/')
        : topic,
    );
    await eventually(() => topics(second.url)).toEqual(expected);
  });

  test('leaves nothing of a camera that was renamed', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    bench.node.see(observation('o1'), Buffer.from('jpeg'));
    await eventually(() => topics(url)).toContain(`${ROOT}/cameras/north/picture`);

    bench.node.cameraViews = [camera('yard')];
    bench.node.tell('cameras');
    await eventually(() => topics(url)).toContain(`${ROOT}/cameras/yard`);
    await eventually(async () => (await topics(url)).filter((topic) => topic.includes('cameras/north'))).toEqual([]);
    await eventually(() => topics(url)).not.toContain(`${DEVICE}_camera_north/config`);
  });

  test('clears after a restart what the configuration no longer has', async () => {
    const { url } = await broker();
    const before = new Bench({ url });
    await before.start();
    before.node.see(observation('o1'), Buffer.from('jpeg'));
    await eventually(() => topics(url)).toContain(`${ROOT}/cameras/north/picture`);
    await before.stop();

    const node = new TestNode();
    node.cameraViews = [];
    node.agentViews = [agent('hardware')];
    node.nodeView = { ...node.nodeView, network: { id: 'net2', name: 'office', holdsAuthority: false } };
    const after = ready(new Bench({ url, homeAssistant: { enabled: false } }, { node, entries: before.entries }));
    await after.start();
    await eventually(() => topics(url)).toEqual(
      [
        ...['agents/hardware', 'anomalies', 'availability', 'corrections', 'federation', 'hardware', 'incidents'],
        ...['jobs/j1/state', 'jobs/state', 'links', 'peers', 'routes', 'state', 'topology'],
      ].map((name) => `parlmesh/net2/${NODE_ID}/${name}`),
    );
    await eventually(() => after.entries.length).toBe(14);
  });

  test('moves all topics, and its last will, when the node joins another network', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    bench.node.nodeView = { ...bench.node.nodeView, network: { id: 'net2', name: 'office', holdsAuthority: false } };
    bench.node.tell('node');
    const expected = ALL.map((topic) => (typeof topic === 'string' ? topic.replace('/net1/', '/net2/') : topic));
    await eventually(() => topics(url)).toEqual(expected);
    expect(bench.causes).toEqual([undefined]);
  });

  test('says "stopped" after an orderly stop, without the last will', async () => {
    const { url } = await broker();
    const bench = new Bench({ url });
    await bench.start();
    await bench.stop();
    expect((await retained(url)).get(`${ROOT}/availability`)).toBe('stopped');
    expect(bench.node.followers).toBe(0);
  });

  test('is "offline" once its process was killed', async () => {
    const { url } = await broker();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'victim.ts'), url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    await eventually(async () => (await retained(url)).get(`${ROOT}/availability`)).toBe('online');
    child.kill('SIGKILL');
    await eventually(async () => (await retained(url)).get(`${ROOT}/availability`)).toBe('offline');
  });

  test('sends discovery again, then state, when Home Assistant comes up', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }, { random: { next: () => 0.1, below: () => 0 } }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const seen: string[] = [];
    const client = await subscriber(url, '#');
    onTestFinished(() => client.endAsync());
    client.on('message', (topic, _payload, packet) => {
      if (!packet.retain) seen.push(topic);
    });
    await client.publishAsync('homeassistant/status', 'offline', { qos: 1 });
    for (let i = 0; i < 5; i++) await client.publishAsync('homeassistant/status', 'online', { qos: 1 });
    await eventually(() => seen.filter((topic) => topic !== 'homeassistant/status').toSorted()).toEqual(ALL);
    const sent = seen.filter((topic) => topic !== 'homeassistant/status');
    expect(sent.slice(0, 4).every((topic) => topic.startsWith('homeassistant/'))).toBe(true);
    expect(sent.at(-1)).toBe(`${ROOT}/availability`);
  });

  test('streams observations and events unretained', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    const client = await subscriber(url, `${ROOT}/#`);
    onTestFinished(() => client.endAsync());
    const seen: unknown[] = [];
    client.on('message', (topic, payload, packet) => {
      if (!packet.retain && /observations|events/.test(topic)) seen.push([topic, JSON.parse(payload.toString())]);
    });
    bench.node.see(observation('o1', 'start'));
    bench.node.see(observation('o1', 'end'));
    bench.node.tell('event', { id: 1, message: 'hello' });
    await eventually(() => seen).toEqual([
      [`${ROOT}/observations`, expect.objectContaining({ id: 'o1', phase: 'start' })],
      [`${ROOT}/observations`, expect.objectContaining({ id: 'o1', phase: 'end' })],
      [`${ROOT}/events`, { id: 1, message: 'hello' }],
    ]);
  });

  test('turns a storm of changes into few messages, the last of them true', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const client = await subscriber(url, `${ROOT}/#`);
    onTestFinished(() => client.endAsync());
    let messages = 0;
    client.on('message', (_topic, _payload, packet) => {
      if (!packet.retain) messages++;
    });
    for (let i = 1; i <= 50_000; i++) {
      bench.node.cameraViews = [{ ...camera('north'), counts: { person: i } }];
      bench.node.tell('cameras');
      bench.node.tell('node');
      bench.node.tell('links');
    }
    await eventually(async () => JSON.parse((await retained(url)).get(`${ROOT}/cameras/north`)!).counts.person).toBe(
      50_000,
    );
    expect(messages).toBeLessThan(20);
  });

  test('carries out a restart only as allowed, and refuses the rest', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url, commands: true }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync());
    const hostile = ['', 'RESTART', 'restart\n', '{"a":1}', '\u0000', 'x'.repeat(200_000)];
    for (const payload of hostile) await client.publishAsync(`${ROOT}/agents/hardware/command`, payload, { qos: 1 });
    await client.publishAsync(`${ROOT}/agents/__proto__/command`, 'restart', { qos: 1 });
    await client.publishAsync(`${ROOT}/agents/hardware/command`, 'restart', { qos: 1 });
    await eventually(() => bench.node.asked).toEqual(['hardware']);
    expect(bench.journal).toEqual([expect.objectContaining({ kind: 'mqtt.command.refused' })]);
  });

  test('takes answers about incidents, and nothing that is none', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url, commands: true }));
    await bench.start();
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync());
    const say = (payload: string) => client.publishAsync(`${ROOT}/incidents/answer`, payload, { qos: 1 });
    const incident = 'moved-1';
    for (const payload of ['', 'yes', '{}', JSON.stringify({ incident, approve: 'rm' }), 'x'.repeat(200_000)])
      await say(payload);
    await say(JSON.stringify({ incident: '__proto__', refuse: true }));
    await say(JSON.stringify({ incident, approve: 'camera.accept-view' }));
    await say(JSON.stringify({ incident, refuse: true }));
    await eventually(() => bench.node.asked).toEqual(['approve moved-1', 'refuse moved-1']);
    expect(bench.journal.map(({ kind }) => kind)).toEqual([
      ...['mqtt.command.refused', 'mqtt.command.failed', 'mqtt.command.failed'],
    ]);
  });

  test('takes a job once however often it comes, answers each time, and clears the states of jobs that are forgotten', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url, commands: true }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync());
    // What is wrong is known sooner than what is right is on the disk.
    const answers: { id: string }[] = [];
    const inOrder = () => answers.toSorted((a, b) => a.id.localeCompare(b.id));
    client.on('message', (_topic, payload) => answers.push(JSON.parse(payload.toString())));
    await client.subscribeAsync(`${ROOT}/jobs/+/answer`);
    const submit = (value: unknown) =>
      client.publishAsync(`${ROOT}/jobs/submit`, typeof value === 'string' ? value : JSON.stringify(value), { qos: 1 });
    const spec = { name: 'Count', tasks: [{ id: 'a', kind: 'wait' }] };
    for (const hostile of ['', '[]', '{"id": "NO", "job": {}}', 'x'.repeat(900_000)]) await submit(hostile);
    await submit({ id: 'count-1', job: spec });
    await submit({ id: 'count-1', job: spec });
    await submit({ id: 'count-2', job: { ...spec, tasks: [] } });
    await eventually(inOrder).toEqual([
      { id: 'count-1', accepted: true, state: 'running' },
      { id: 'count-1', accepted: true, state: 'running' },
      { id: 'count-2', accepted: false, code: 'JOB_INVALID', message: expect.stringMatching(/tasks: is wrong/) },
    ]);
    expect(bench.journal).toEqual([expect.objectContaining({ kind: 'mqtt.command.refused' })]);
    expect(bench.node.jobViews.map(({ id }) => id)).toEqual(['count-1', 'j1']);
    await eventually(() => topics(url)).toContain(`${ROOT}/jobs/count-1/state`);
    bench.node.jobViews = [];
    bench.node.tell('job');
    await eventually(() => topics(url)).not.toContain(`${ROOT}/jobs/count-1/state`);
  });

  test('does not listen to commands unless they are enabled', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync());
    await client.publishAsync(`${ROOT}/agents/hardware/command`, 'restart', { qos: 1 });
    // What follows on the same connection shows that the command was passed over.
    bench.node.nodeView = { ...bench.node.nodeView, name: 'renamed' };
    bench.node.tell('node');
    await eventually(async () => (await retained(url)).get(`${ROOT}/state`)).toContain('renamed');
    expect(bench.node.asked).toEqual([]);
  });

  test('rejects a wrong password with its cause, and starts once it is right', async () => {
    const port = await freePort();
    const started = await start(port, { username: 'node', password: 'right' });
    onTestFinished(() => started.stop());
    const wrong = ready(new Bench({ url: started.url, username: 'node', password: 'wrong' }));
    await expect(wrong.start()).rejects.toThrow(/127\.0\.0\.1.*(not authorized|bad username or password)/i);
    const right = ready(new Bench({ url: started.url, username: 'node', password: 'right' }));
    await right.start();
  });

  test('tries several brokers in turn', async () => {
    const { url } = await broker();
    const bench = ready(new Bench({ url: [`mqtt://127.0.0.1:${await freePort()}`, url] }));
    await bench.start();
    await eventually(() => topics(url)).toEqual(ALL);
  });

  test('retains the picture of the newest observation, and fetches it from the store after a restart', async () => {
    const { url } = await broker();
    const bench = new Bench({ url });
    await bench.start();
    bench.node.see(observation('o1'), Buffer.from('first'));
    await eventually(async () => (await retained(url)).get(`${ROOT}/cameras/north/picture`)).toBe('first');
    await bench.stop();
    const again = ready(new Bench({ url }, { node: bench.node, entries: bench.entries }));
    bench.node.stored = [observation('o2')];
    bench.node.pictures.set('o2', Buffer.from('second'));
    await again.start();
    await eventually(async () => (await retained(url)).get(`${ROOT}/cameras/north/picture`)).toBe('second');
  });
});

describe('telemetry over one broker', () => {
  it('retains exactly what is there after any series of changes and restarts', async () => {
    const broker = await startAedes(0);
    onTestFinished(() => broker.stop());
    const random = seededRandom(42);
    const names = ['north', 'south', 'yard', 'door'];
    const some = <T>(make: (name: string) => T): T[] => names.filter(() => random.next() < 0.5).map(make);
    const node = new TestNode();
    let entries: string[] = [];
    for (let round = 0; round < 4; round++) {
      const bench = ready(new Bench({ url: broker.url }, { node, entries }));
      await bench.start();
      for (let step = 0; step < 25; step++) {
        node.cameraViews = some(camera);
        node.agentViews = some(agent);
        node.jobViews = some((name) => job(name, 'running'));
        node.tell('cameras');
        node.tell('agents');
        node.tell('job');
        const seen = { ...observation(`o${round}-${step}`), camera: names[random.below(names.length)]! };
        node.see(seen, Buffer.from('jpeg'));
        // Now within the work of the last step, now after it.
        for (let turn = random.below(30); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      }
      const topicsOf = new Topics('parlmesh', 'net1', NODE_ID);
      const plain = [
        'availability',
        'state',
        'hardware',
        'peers',
        'links',
        'routes',
        'topology',
        'jobs/state',
        'corrections',
        'anomalies',
        'incidents',
        'federation',
      ];
      const devices = [
        '',
        ...node.cameraViews.map(({ id }) => `_camera_${id}`),
        ...node.agentViews.map(({ id }) => `_agent_${id}`),
      ];
      const expected = [
        ...plain.map((name) => `${ROOT}/${name}`),
        ...devices.map((device) => `${DEVICE}${device}/config`),
        ...node.agentViews.map(({ id }) => topicsOf.agent(id)),
        ...node.jobViews.map(({ id }) => topicsOf.job(id)),
        ...node.cameraViews.flatMap(({ id }) => [
          topicsOf.camera(id),
          topicsOf.cameraAvailability(id),
          topicsOf.cameraPlaces(id),
        ]),
      ].sort();
      const pictures = node.cameraViews.map(({ id }) => topicsOf.cameraPicture(id));
      await eventually(async () => (await topics(broker.url)).filter((topic) => !pictures.includes(topic))).toEqual(
        expected,
      );
      await bench.stop();
      entries = bench.entries;
      node.cameraViews = some(camera);
    }
  });

  it('sends what is only measured with the state interval, which may change', async () => {
    const broker = await startAedes(0);
    onTestFinished(() => broker.stop());
    const bench = ready(new Bench({ url: broker.url }));
    await bench.start();
    await eventually(() => topics(broker.url)).toEqual(ALL);
    const client = await subscriber(broker.url, `${ROOT}/#`);
    onTestFinished(() => client.endAsync());
    const seen: string[] = [];
    client.on('message', (topic, _payload, packet) => {
      if (!packet.retain) seen.push(topic.slice(ROOT.length + 1));
    });
    const measure = (load: number): void => {
      bench.node.peerViews = bench.node.peerViews.map((peer) => ({ ...peer, load }));
      bench.node.tell('peers');
    };
    measure(0.5);
    bench.node.nodeView = { ...bench.node.nodeView, name: 'beta' };
    bench.node.tell('node');
    await eventually(() => seen).toContain('state');
    expect(seen).not.toContain('peers');
    bench.telemetry.setStateInterval(0.05);
    await eventually(() => seen).toContain('peers');
  });
});
