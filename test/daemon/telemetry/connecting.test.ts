import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../free-port.ts';
import { Bench, startAedes } from './brokers.ts';
import { eventually } from './eventually.ts';
import { ready } from './ready.ts';
import { ALL, topics } from './retained.ts';

describe('telemetry that connects', () => {
  it('rejects with the cause, leaves nothing behind, and may be started again', async () => {
    const port = await freePort();
    const bench = ready(new Bench({ url: `mqtt://127.0.0.1:${port}` }));
    await expect(bench.start()).rejects.toThrow(`127.0.0.1:${port}: connect ECONNREFUSED`);
    await bench.stop();
    expect(bench.node.followers).toBe(0);
    const late = await startAedes(port);
    onTestFinished(() => late.stop());
    await bench.start();
    await eventually(() => topics(late.url)).toEqual(ALL);
  });

  it('finds the embedded broker wherever it listens, and says when it is there again', async () => {
    let broker = await startAedes(0);
    onTestFinished(() => broker.stop());
    const bench = ready(new Bench({}, { embeddedUrl: () => broker.url }));
    await bench.start();
    expect(bench.telemetry.connected).toBe(true);
    expect(bench.causes).toEqual([]);
    await broker.stop();
    await eventually(() => bench.causes.at(-1)).toBe('embedded: the broker closed the connection');
    expect(bench.telemetry.connected).toBe(false);
    broker = await startAedes(0);
    await eventually(() => bench.causes.at(-1)).toBeUndefined();
    await eventually(() => topics(broker.url)).toEqual(ALL);
  });

  it('rejects when there is no broker to use', async () => {
    const bench = ready(new Bench({ embedded: { enabled: false } }));
    await expect(bench.start()).rejects.toMatchObject({ code: 'MQTT_NO_BROKER' });
  });

  it('knows a broker by an IPv6 address', async () => {
    const broker = await startAedes(0, { host: '::1' });
    onTestFinished(() => broker.stop());
    const bench = ready(new Bench({ url: broker.url }));
    await bench.start();
    expect(broker.url).toMatch(/^mqtt:\/\/\[::1\]:\d+$/);
    await eventually(() => topics(broker.url)).toEqual(ALL);
  });

  it('aborts the attempt at a broker that never answers', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const bench = ready(new Bench({ url: `mqtt://127.0.0.1:${port}` }));
    const abort = new AbortController();
    const starting = bench.telemetry.start(abort.signal);
    abort.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
  });

  it('says what is wrong with an address, without the password in it', async () => {
    const bench = ready(new Bench({ url: 'http://me:secret@broker' }));
    await expect(bench.start()).rejects.toThrow('"http://•••@broker" is not the address of a broker');
  });
});
