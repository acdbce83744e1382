import { EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { type BrokerLimits, EmbeddedBroker } from '../../../daemon/telemetry/broker.ts';
import { mqttConfig } from './brokers.ts';
import { eventually } from './eventually.ts';

const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

function broker(settings: Record<string, unknown> = {}, limits: Partial<BrokerLimits> = {}): EmbeddedBroker {
  const created = new EmbeddedBroker({
    config: mqttConfig({ embedded: { port: 0 }, ...settings }),
    logger: silentLogger,
    limits,
  });
  cleanup.push(() => created.stop());
  return created;
}

async function started(settings?: Record<string, unknown>, limits?: Partial<BrokerLimits>): Promise<EmbeddedBroker> {
  const created = broker(settings, limits);
  await created.start(new AbortController().signal);
  return created;
}

async function client(url: string, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> {
  const connected = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options });
  connected.on('error', () => {});
  cleanup.push(() => connected.endAsync(true));
  return connected;
}

/**
 * What a fresh subscriber gets, in order, before two messages that went there and back after the subscription; another
 * retained message would not fit into these brokers as a mark.
 */
async function retained(url: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const reader = await client(url);
  const back = new EventEmitter();
  reader.on('message', (topic, payload) => {
    if (topic === 't/mark') back.emit(payload.toString());
    else found.set(topic, payload.toString());
  });
  await reader.subscribeAsync('t/#', { qos: 1 });
  for (const mark of ['first', 'second']) {
    const arrived = once(back, mark);
    await reader.publishAsync('t/mark', mark, { qos: 1 });
    await arrived;
  }
  await reader.endAsync();
  return found;
}

function rawSocket(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  cleanup.push(async () => socket.destroy());
  return socket;
}

describe('the embedded broker', () => {
  it('stays off when an external broker is configured', async () => {
    expect((await started({ url: 'mqtt://elsewhere' })).url).toBeUndefined();
  });

  it('takes a free port when the standard one is taken, but not another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanup.push(async () => other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(started({ embedded: { port } })).rejects.toMatchObject({ code: 'MQTT_BROKER_LISTEN' });

    // Whether this test holds the standard port or somebody else on the machine does is the same.
    const standard = createServer();
    await new Promise<void>((resolve) => {
      standard.once('error', () => resolve());
      standard.listen(1883, '127.0.0.1', resolve);
    });
    cleanup.push(async () => standard.close());
    const { url } = await started({ embedded: {} });
    expect(url).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    expect(url).not.toContain(':1883');
  });

  it('does not open to others without a password', async () => {
    await expect(started({ embedded: { host: '0.0.0.0', port: 0 } })).rejects.toMatchObject({
      code: 'MQTT_BROKER_OPEN',
      hint: expect.stringContaining('mqtt.password'),
    });
    const { url } = await started({ embedded: { host: '0.0.0.0', port: 0 }, username: 'u', password: 'p' });
    await expect(client(url!)).rejects.toThrow(/bad username or password/i);
    await expect(client(url!, { username: 'u', password: 'wrong' })).rejects.toThrow(/bad username or password/i);
    await client(url!, { username: 'u', password: 'p' });
  });

  it('refuses connections above its limit, and takes new ones when others leave', async () => {
    const { url } = await started({}, { maxClients: 2 });
    const first = await client(url!);
    await client(url!);
    await once(rawSocket(url!), 'close');
    await first.endAsync();
    const next = rawSocket(url!);
    next.write(Buffer.from('100c00044d515454040200000000', 'hex')); // CONNECT, MQTT 3.1.1, no client id
    expect((await once(next, 'data'))[0]).toEqual(Buffer.from('20020000', 'hex'));
  });

  it('drops whoever announces a packet above the limit, before it has arrived', async () => {
    const { url } = await started({}, { maxPacketBytes: 10_000 });
    const stranger = rawSocket(url!);
    // A CONNECT packet that says it is 256 MB long.
    stranger.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await once(stranger, 'close');

    const known = await client(url!);
    await known.publishAsync('small', 'x'.repeat(9_000), { qos: 1 });
    const closed = new Promise<void>((resolve) => known.once('close', () => resolve()));
    known.publish('large', 'x'.repeat(20_000), { qos: 1 });
    await closed;
  });

  it('drops whoever connects and says nothing', async () => {
    const { url } = await started({}, { connectTimeout: 50 });
    await once(rawSocket(url!), 'close');
  });

  it('survives bytes that are no MQTT', async () => {
    const { url } = await started();
    const stranger = rawSocket(url!);
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await once(stranger, 'close');
    await client(url!);
  });

  it('keeps no more retained messages than its limit, but delivers them', async () => {
    const { url } = await started({}, { maxRetained: 3, maxRetainedBytes: 100 });
    const publisher = await client(url!);
    for (let i = 0; i < 5; i++) await publisher.publishAsync(`t/${i}`, 'x', { qos: 1, retain: true });
    expect([...(await retained(url!)).keys()]).toEqual(['t/0', 't/1', 't/2']);
    await publisher.publishAsync('t/0', '', { qos: 1, retain: true });
    await publisher.publishAsync('t/4', 'x', { qos: 1, retain: true });
    await publisher.publishAsync('t/1', 'x'.repeat(200), { qos: 1, retain: true });
    expect((await retained(url!)).get('t/1')).toBe('x');
    expect([...(await retained(url!)).keys()].sort()).toEqual(['t/1', 't/2', 't/4']);
  });

  it('keeps no session of a client that left', async () => {
    const { url } = await started();
    const options = { clientId: 'sleeper', clean: false };
    const first = await client(url!, options);
    await first.subscribeAsync('t', { qos: 1 });
    await first.endAsync();
    const second = await client(url!, { ...options, resubscribe: false });
    const messages: string[] = [];
    second.on('message', (topic) => messages.push(topic));
    await second.publishAsync('t', 'x', { qos: 1 });
    await second.subscribeAsync('u', { qos: 1 });
    await second.publishAsync('u', 'x', { qos: 1 });
    await eventually(() => messages).toEqual(['u']);
  });

  it('gives everything back when it stops, and may start again', async () => {
    const created = await started();
    const port = Number(new URL(created.url!).port);
    rawSocket(created.url!);
    await client(created.url!);
    await created.stop();
    await created.stop();
    expect(created.url).toBeUndefined();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await created.start(new AbortController().signal);
    await client(created.url!);
  });
});
