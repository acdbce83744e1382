import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { type DeviceConfig, encode } from '../../../daemon/telemetry/home-assistant/device.ts';
import { Discoveries } from '../../../daemon/telemetry/home-assistant/discoveries.ts';
import { cameraState, nodeState, swarmState } from '../../../daemon/telemetry/state.ts';
import { Topics } from '../../../daemon/telemetry/topics.ts';
import { freePort } from '../../free-port.ts';
import { Bench, mqttConfig, retained, startAedes, subscriber } from './brokers.ts';
import { eventually } from './eventually.ts';
import { complaints } from './home-assistant-rules.ts';
import { agent, camera, job, NODE_ID, observation, TestNode } from './test-node.ts';

const DEVICE = `homeassistant/device/parlmesh_${NODE_ID}`;

const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

function devicesOf(
  node: TestNode,
  settings: Record<string, unknown> = {},
  labels: string[] = [],
): Map<string, DeviceConfig> {
  const config = mqttConfig(settings);
  const { id, network } = node.nodeView;
  const topics = new Topics(config.baseTopic, network.id, id);
  const devices = new Discoveries({ config, view: node, topics, labelsOf: () => labels, logger: silentLogger }).all();
  return new Map(devices.map(({ topic, config: device }) => [topic, device]));
}

describe('Home Assistant discovery', () => {
  it.each([
    ['a board with everything', new TestNode(), { commands: true }],
    [
      'a board that measures nothing and serves no page',
      Object.assign(new TestNode(), {
        hardwareView: undefined,
        nodeView: { ...new TestNode().nodeView, addresses: { page: [], mesh: [] } },
      }),
      {},
    ],
    [
      'names that are no topic levels',
      Object.assign(new TestNode(), { agentViews: [agent('a/b c+#'), agent('ü')], cameraViews: [camera('x.y')] }),
      { commands: true, homeAssistant: { prefix: 'ha' } },
    ],
  ])('is taken by the published rules: %s', (_what, node, settings) => {
    const devices = devicesOf(node, settings, ['person', 'traffic light', "it's {{ a }} trap"]);
    expect(devices.size).toBe(1 + node.cameraViews.length + node.agentViews.length);
    for (const [topic, config] of devices) expect(complaints(topic, encode(config))).toEqual([]);
  });

  it('gives every entity of the node a unique id of its own', () => {
    const ids = [...devicesOf(new TestNode(), { commands: true }, ['person', 'cat']).values()].flatMap(
      ({ components }) => Object.values(components).map((component) => component.unique_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.startsWith(`parlmesh_${NODE_ID}_`))).toBe(true);
  });

  it('puts cameras and agents behind the node, available only while both are', () => {
    const devices = devicesOf(new TestNode());
    const node = devices.get(`${DEVICE}/config`)!;
    expect(node.device).toEqual({
      identifiers: [`parlmesh_${NODE_ID}`],
      name: 'alpha',
      manufacturer: 'parlmesh',
      model: 'Raspberry Pi 4',
      sw_version: '0.1.0',
      configuration_url: 'http://192.168.1.10:7420/',
    });
    expect(node.origin).toEqual({
      name: 'parlmesh',
      sw_version: '0.1.0',
      support_url: 'http://192.168.1.10:7420/docs',
    });
    const north = devices.get(`${DEVICE}_camera_north/config`)!;
    expect(north.device.via_device).toBe(node.device.identifiers[0]);
    expect(north.availability_mode).toBe('all');
    expect(north.availability.map(({ topic }) => topic)).toEqual([
      `parlmesh/net1/${NODE_ID}/availability`,
      `parlmesh/net1/${NODE_ID}/cameras/north/availability`,
    ]);
    expect(north.components.connectivity?.availability).toHaveLength(1);
    expect(devices.get(`${DEVICE}_agent_hardware/config`)?.device.via_device).toBe(node.device.identifiers[0]);
  });

  it('offers only what the board can measure', () => {
    const measured = ['temperature', 'under_voltage', 'throttled', 'battery', 'battery_discharging'];
    const node = new TestNode();
    const all = Object.keys(devicesOf(node).get(`${DEVICE}/config`)!.components);
    expect(all).toEqual(expect.arrayContaining(measured));
    const { temperatureCelsius: _t, throttling: _u, battery: _b, ...bare } = node.hardwareView!;
    node.hardwareView = bare;
    const some = Object.keys(devicesOf(node).get(`${DEVICE}/config`)!.components);
    expect(all.filter((id) => !some.includes(id))).toEqual(measured);
  });

  it('offers a restart button only with commands enabled', () => {
    const button = (settings: Record<string, unknown>) =>
      devicesOf(new TestNode(), settings).get(`${DEVICE}_agent_hardware/config`)!.components.restart;
    expect(button({})).toBeUndefined();
    expect(button({ commands: true })).toMatchObject({
      command_topic: `parlmesh/net1/${NODE_ID}/agents/hardware/command`,
      payload_press: 'restart',
    });
  });

  it('counts labels that are configured, were seen, or are in view, up to a limit', () => {
    const node = new TestNode();
    node.stored = [observation('o1', 'end', 'cat')];
    node.cameraViews = [{ ...camera('north'), counts: { dog: 2 } }];
    const labels = (configured: string[]) =>
      Object.keys(devicesOf(node, {}, configured).get(`${DEVICE}_camera_north/config`)!.components)
        .filter((id) => id.startsWith('count_'))
        .map((id) => id.slice('count_'.length));
    expect(labels(['person'])).toEqual(['person', 'cat', 'dog']);
    expect(labels(Array.from({ length: 80 }, (_, i) => `label${i}`))).toHaveLength(24);
  });

  it('names a component that went away as removed once, then leaves it out', async () => {
    const broker = await startAedes(await freePort());
    cleanup.push(() => broker.stop());
    const bench = new Bench({ url: broker.url });
    await bench.start();
    const topic = `${DEVICE}/config`;
    await eventually(async () => (await retained(broker.url)).get(topic)).toContain('"temperature"');
    await bench.stop();

    const seen: string[] = [];
    const client = await subscriber(broker.url, topic);
    cleanup.push(() => client.endAsync());
    client.on('message', (_topic, payload, packet) => {
      if (!packet.retain) seen.push(payload.toString());
    });
    const { temperatureCelsius: _gone, ...bare } = bench.node.hardwareView!;
    bench.node.hardwareView = bare;
    const again = new Bench({ url: broker.url }, { node: bench.node, entries: bench.entries });
    cleanup.push(() => again.stop());
    await again.start();
    await eventually(() => seen.length).toBe(2);
    expect(JSON.parse(seen[0]!).components.temperature).toEqual({ platform: 'sensor' });
    expect(seen[1]).not.toContain('"temperature"');
    for (const payload of seen) expect(complaints(topic, payload)).toEqual([]);
    await eventually(() => again.entries.filter((entry) => entry.includes('temperature'))).toEqual([]);
  });

  it('publishes none when it is disabled', async () => {
    const broker = await startAedes(await freePort());
    cleanup.push(() => broker.stop());
    const bench = new Bench({ url: broker.url, homeAssistant: { enabled: false } });
    cleanup.push(() => bench.stop());
    await bench.start();
    await eventually(async () => (await retained(broker.url)).size).toBe(18);
    expect([...(await retained(broker.url)).keys()].filter((topic) => topic.startsWith('homeassistant'))).toEqual([]);
  });
});

const RENDER = `
import json, sys, jinja2
env = jinja2.Environment()
out = []
for template, payload in json.load(sys.stdin):
    try: value_json = json.loads(payload)
    except ValueError: value_json = None
    out.append(env.from_string(template).render(value=payload, value_json=value_json))
json.dump(out, sys.stdout)
`;
const noJinja =
  spawnSync('python3', ['-c', 'import jinja2']).status === 0 ? '' : 'python3 with jinja2 is not installed';

describe(`Home Assistant templates${noJinja && ` (skipped: ${noJinja})`}`, () => {
  it.skipIf(noJinja !== '')('render to what the entities show', () => {
    const node = new TestNode();
    node.nodeView.health = {
      state: 'degraded',
      sentence: 'x'.repeat(300),
      problems: [{ subject: 'camera/yard', cause: "it's gone", since: 1 }],
    };
    const trap = 'it\'s "a" {{ trap }}';
    node.cameraViews = [{ ...camera('north'), counts: { person: 2, [trap]: 1 } }];
    const devices = devicesOf(node, {}, ['person', 'cat', trap]);
    const main = devices.get(`${DEVICE}/config`)!.components;
    const north = devices.get(`${DEVICE}_camera_north/config`)!;
    const hardware = devices.get(`${DEVICE}_agent_hardware/config`)!.components;
    const state = JSON.stringify(nodeState(node.nodeView, node.peerViews));
    node.jobViews = [job('j1', 'running'), { ...job('j0', 'failed'), finishedAt: 1, cause: 'no such table' }];
    const jobs = JSON.stringify(swarmState(node));
    const readings = JSON.stringify(node.hardwareView);
    const cameraJson = JSON.stringify(cameraState(node.cameraViews[0]!));
    const agentJson = JSON.stringify(node.agentViews[0]);
    const trapId = Object.keys(north.components).find((id) => id.startsWith('count_it'))!;
    const expected: [string | undefined, string, string][] = [
      [main.problem?.value_template, state, 'ON'],
      [main.health?.value_template, state, 'x'.repeat(255)],
      [main.degraded?.value_template, state, '0'],
      [main.started?.value_template, state, '2026-06-01T00:00:00.000Z'],
      [main.peers_connected?.value_template, state, '1'],
      [main.jobs_running?.value_template, jobs, '1'],
      [main.tasks_waiting?.value_template, jobs, '2'],
      [main.last_job?.value_template, jobs, 'failed'],
      [main.last_job?.value_template, '{"last": null}', 'none'],
      [main.last_job?.json_attributes_template, '{"last": null}', '{}'],
      [main.cpu?.value_template, readings, '25.0'],
      [main.memory?.value_template, readings, '60.0'],
      [main.disk?.value_template, readings, '25.0'],
      [main.temperature?.value_template, readings, '51.5'],
      [main.under_voltage?.value_template, readings, 'OFF'],
      [main.throttled?.value_template, readings, 'ON'],
      [main.battery?.value_template, readings, '62.0'],
      [main.battery_discharging?.value_template, readings, 'ON'],
      [main.power?.value_template, readings, 'resting'],
      [north.components.fps?.value_template, cameraJson, '5'],
      [north.components.count_person?.value_template, cameraJson, '2'],
      [north.components.count_cat?.value_template, cameraJson, '0'],
      [north.components.occupancy_person?.value_template, cameraJson, 'ON'],
      [north.components.occupancy_cat?.value_template, cameraJson, 'OFF'],
      [north.components[trapId]?.value_template, cameraJson, '1'],
      [north.components.connectivity?.value_template, 'offline', 'OFF'],
      [north.availability[0]?.value_template, 'online', 'online'],
      [north.availability[0]?.value_template, 'stopped', 'offline'],
      [hardware.state?.value_template, agentJson, 'ready'],
      [hardware.problem?.json_attributes_template, agentJson, '{"lastError": ""}'],
    ];
    const input = JSON.stringify(expected.map(([template, payload]) => [template, payload]));
    const { stdout, stderr } = spawnSync('python3', ['-c', RENDER], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(expected.map(([, , rendered]) => rendered));
    const attributes = JSON.stringify([[main.problem?.json_attributes_template, state]]);
    const rendered = spawnSync('python3', ['-c', RENDER], { input: attributes, encoding: 'utf8' }).stdout;
    expect(JSON.parse(JSON.parse(rendered)[0])).toEqual({ problems: node.nodeView.health.problems });
  });

  it.skipIf(noJinja !== '')(
    'tells what appeared and left, and what blinds a camera, as events of that camera alone',
    () => {
      const node = new TestNode();
      const { object, sight } = devicesOf(node).get(`${DEVICE}_camera_north/config`)!.components;
      const there = { ...observation('o1', 'end'), zones: ['path'], snapshot: '/x', clip: '/y' };
      const told = { id: 1, at: 1, severity: 'warning', subject: 'camera/north', message: 'm' };
      const covered = { ...told, kind: 'camera.tampered', data: { is: 'covered' } };
      const messages: [string | undefined, unknown][] = [
        [object?.value_template, observation('o1')],
        [object?.value_template, there],
        [object?.value_template, observation('o1', 'update')],
        [object?.value_template, { ...there, camera: 'south' }],
        [sight?.value_template, covered],
        [sight?.value_template, { ...told, kind: 'camera.view-clear', data: { was: 'covered' } }],
        [sight?.value_template, { ...told, kind: 'camera.unusual' }],
        [sight?.value_template, { ...covered, subject: 'camera/south' }],
        [sight?.value_template, { ...told, kind: 'camera.lost' }],
      ];
      const input = JSON.stringify(messages.map(([template, message]) => [template, JSON.stringify(message)]));
      const { stdout, stderr } = spawnSync('python3', ['-c', RENDER], { input, encoding: 'utf8' });
      expect(stderr).toBe('');
      const page = 'http://192.168.1.10:7420/api/v3/observations/o1/';
      const seen = { observation: 'o1', label: 'person', confidence: 0.9 };
      const rendered: string[] = JSON.parse(stdout);
      expect(rendered.map((text) => (text === '' ? undefined : JSON.parse(text)))).toEqual([
        { event_type: 'appeared', ...seen, zones: [], snapshot: null, clip: null },
        { event_type: 'left', ...seen, zones: ['path'], snapshot: `${page}picture`, clip: `${page}clip` },
        undefined,
        undefined,
        { event_type: 'covered', message: 'm' },
        { event_type: 'clear', message: 'm' },
        { event_type: 'unusual', message: 'm' },
        undefined,
        undefined,
      ]);
    },
  );
});
