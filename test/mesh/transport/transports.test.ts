// The transports, each under the one compliance suite.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Libp2pTransport } from '../../../mesh/transport/libp2p.ts';
import { MemoryMedium, MemoryTransport } from '../../../mesh/transport/memory.ts';
import { MqttTransport } from '../../../mesh/transport/mqtt.ts';
import { freePort } from '../../free-port.ts';
import { aedesOn } from './aedes.ts';
import { itIsATransport, type World } from './compliance.ts';

const noWait = async (): Promise<void> => {};

itIsATransport(
  'the memory transport',
  async () => {
    const clock = new VirtualClock();
    const medium = new MemoryMedium(clock, seededRandom(1));
    return {
      a: new MemoryTransport('a', medium),
      b: new MemoryTransport('b', medium),
      settle: async () => clock.advance(10),
      close: noWait,
    };
  },
  { connections: true },
);

const libp2p = (networkKey: Uint8Array): Libp2pTransport =>
  new Libp2pTransport({
    privateKey: SigningKey.generate().forLibp2p(),
    networkId: '0123456789abcdef',
    networkKeys: () => [networkKey],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mayListenElsewhere: false,
    announce: [],
    mdns: false,
    maxPeers: 8,
    version: '0.0.0-test',
    handshakeTimeout: 2000,
  });

itIsATransport(
  'the libp2p transport',
  async () => {
    const networkKey = Buffer.alloc(32, 1);
    return { a: libp2p(networkKey), b: libp2p(networkKey), settle: noWait, close: noWait };
  },
  { connections: true },
);

const overBrokers = (...urls: string[]): MqttTransport =>
  new MqttTransport({
    urls,
    networkId: '0123456789abcdef',
    nodeId: SigningKey.generate().nodeId,
    clock: systemClock,
    random: seededRandom(1),
  });

const overBroker = (url: string, close: () => Promise<void>): World => {
  return { a: overBrokers(url), b: overBrokers(url), settle: noWait, close };
};

itIsATransport(
  'the MQTT transport on Aedes',
  async () => {
    const broker = await aedesOn();
    return overBroker(`mqtt://127.0.0.1:${broker.port}`, broker.close);
  },
  { connections: false },
);

const mosquitto = '/usr/sbin/mosquitto';
describe.skipIf(!existsSync(mosquitto))('with Mosquitto installed', () => {
  itIsATransport(
    'the MQTT transport on Mosquitto',
    async () => {
      const broker = await startMosquitto();
      return overBroker(`mqtt://127.0.0.1:${broker.port}`, broker.close);
    },
    { connections: false },
  );
});

describe('the MQTT transport', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  it('starts without a broker and is ready each time that the broker comes', async () => {
    const first = await aedesOn();
    await first.close();
    const { a: transport } = overBroker(`mqtt://127.0.0.1:${first.port}`, noWait);
    let ready = 0;
    let lost = 0;
    const events = {
      frame: () => {},
      ready: () => ready++,
      lost: () => lost++,
    };
    await transport.start(events, new AbortController().signal);
    stops.push(() => transport.stop());
    await expect.poll(() => lost).toBeGreaterThan(0);
    const second = await aedesOn(first.port);
    await expect.poll(() => ready).toBe(1);
    await second.close();
    const third = await aedesOn(first.port);
    stops.push(third.close);
    await expect.poll(() => ready).toBe(2);
  });

  it('leaves a broker that takes the connection and says nothing', async () => {
    const mute = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise<void>((resolve) => mute.close(() => resolve())));
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const well = await aedesOn();
    stops.push(well.close);
    let ready = 0;
    const transport = overBrokers(`mqtt://127.0.0.1:${address.port}`, `mqtt://127.0.0.1:${well.port}`);
    const events = { frame: () => {}, ready: () => ready++, lost: () => {} };
    await transport.start(events, new AbortController().signal);
    stops.push(() => transport.stop());
    await expect.poll(() => ready, { timeout: 8000 }).toBe(1);
  });

  it.skipIf(!existsSync(mosquitto))('moves to the next broker when one hangs, though it goes on talking', async () => {
    const hanging = await startMosquitto();
    const next = await startMosquitto();
    stops.push(hanging.close, next.close);
    let ready = 0;
    const lost: string[] = [];
    const transport = overBrokers(`mqtt://127.0.0.1:${hanging.port}`, `mqtt://127.0.0.1:${next.port}`);
    const events = { frame: () => {}, ready: () => ready++, lost: (cause: string) => lost.push(cause) };
    await transport.start(events, new AbortController().signal);
    stops.push(() => transport.stop());
    await expect.poll(() => ready).toBe(1);
    hanging.child.kill('SIGSTOP');
    stops.push(async () => {
      hanging.child.kill('SIGCONT');
    });
    const talk = setInterval(() => transport.broadcast(Buffer.from('hello'), 'test', 'origin'), 200);
    stops.push(async () => clearInterval(talk));
    await expect.poll(() => ready, { timeout: 10_000 }).toBe(2);
    expect(lost).toEqual([expect.stringContaining('Keepalive timeout')]);
  });
});

async function startMosquitto(): Promise<{ port: number; child: ChildProcess; close: () => Promise<void> }> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-mosquitto-'));
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const child: ChildProcess = spawn(mosquitto, ['-c', file], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const probe = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 50 });
  probe.on('error', () => {});
  await new Promise<void>((resolve) => probe.once('connect', () => resolve()));
  await probe.endAsync(true);
  const close = async (): Promise<void> => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true });
  };
  return { port, child, close };
}
