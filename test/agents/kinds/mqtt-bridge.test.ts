import fc from 'fast-check';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { BridgeGuard } from '../../../agents/kinds/bridge-guard.ts';
import { MqttBridge } from '../../../agents/kinds/mqtt-bridge.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { startAedes } from '../../daemon/telemetry/brokers.ts';
import { freePort } from '../../free-port.ts';
import { supervise } from '../scripted-agent.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function broker(port?: number) {
  const started = await startAedes(port ?? (await freePort()));
  cleanups.push(() => started.stop());
  return started;
}

async function client(url: string): Promise<MqttClient> {
  const connected = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  cleanups.push(() => connected.endAsync(true));
  return connected;
}

async function bridge(id: string, url: string, own: string, from: string, to: string) {
  const parts = supervise({ clock: systemClock });
  cleanups.push(() => parts.supervisor.stop());
  await parts.supervisor.start(new AbortController().signal);
  const options = { name: id, url, from, to, messagesPerSecond: 50 };
  await parts.supervisor.add({
    id,
    create: () =>
      new MqttBridge({
        ...{ id, bridge: options, own: () => ({ url: own }), clock: systemClock },
        journal: { record: (entry) => parts.journal.push(entry) },
      }),
  });
  const letter = { id: '1', from: 'one/x', body: null, wantsReply: true, hops: 0, expiresAt: Number.POSITIVE_INFINITY };
  const counters = () => parts.supervisor.deliver(id, letter) as Promise<Record<string, number>>;
  return { ...parts, counters };
}

describe('a bridge', () => {
  it('carries topics below its prefix to this node’s broker, the retained ones too', async () => {
    const [other, own] = [await broker(), await broker()];
    const there = await client(other.url);
    await there.publishAsync('z2m/lamp', 'on', { retain: true });
    const here = await client(own.url);
    const seen: string[] = [];
    here.on('message', (topic, payload) => seen.push(`${topic} ${payload}`));
    await here.subscribeAsync('#');
    await bridge('b', other.url, own.url, 'z2m/', 'barn/z2m/');
    await expect.poll(() => seen).toEqual(['barn/z2m/lamp on']);
    await there.publishAsync('other/lamp', 'off');
    await there.publishAsync('z2m/door/state', 'open');
    await expect.poll(() => seen).toEqual(['barn/z2m/lamp on', 'barn/z2m/door/state open']);
  });

  it('goes on when the other broker comes back', async () => {
    const port = await freePort();
    const first = await startAedes(port);
    const own = await broker();
    const here = await client(own.url);
    const seen: string[] = [];
    here.on('message', (_topic, payload) => seen.push(String(payload)));
    await here.subscribeAsync('#');
    await bridge('b', first.url, own.url, 'a/', 'b/');
    const there = await client(first.url);
    await expect
      .poll(async () => {
        await there.publishAsync('a/x', 'before');
        return seen.includes('before');
      })
      .toBe(true);
    await first.stop();
    const second = await broker(port);
    const again = await client(second.url);
    await expect
      .poll(
        async () => {
          await again.publishAsync('a/x', 'after');
          return seen.includes('after');
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe(true);
  }, 40_000);

  it('does not let two bridges carry the same message round and round', async () => {
    const [left, right] = [await broker(), await broker()];
    const here = await client(left.url);
    let seen = 0;
    here.on('message', () => seen++);
    await here.subscribeAsync('#');
    const back = await bridge('back', right.url, left.url, 'r/', 'l/');
    const forth = await bridge('forth', left.url, right.url, 'l/', 'r/');
    await expect
      .poll(
        async () => {
          const { pass, loop } = await back.counters();
          if (pass === 0) await here.publishAsync('l/x', 'round');
          return (loop ?? 0) + ((await forth.counters()).loop ?? 0);
        },
        { timeout: 25_000, interval: 200 },
      )
      .toBeGreaterThan(0);
    await expect.poll(() => [...back.journal, ...forth.journal].map(({ kind }) => kind)).toContain('bridge.loop');
    expect(seen).toBeLessThan(200);
  }, 40_000);
});

describe('what a bridge lets through', () => {
  const payload = Buffer.from('x');

  it('is bounded in rate and size', () => {
    const guard = new BridgeGuard('b/', 5, 0);
    const verdicts = Array.from({ length: 12 }, (_, n) => guard.judge({ topic: `b/${n}`, payload }, 0));
    expect(verdicts.filter((verdict) => verdict === 'pass')).toHaveLength(10);
    expect(verdicts.at(-1)).toBe('too-fast');
    expect(guard.judge({ topic: 'b/x', payload: Buffer.alloc(300_000) }, 1_000)).toBe('too-large');
    expect(guard.judge({ topic: `b/${'x'.repeat(300)}`, payload }, 1_000)).toBe('too-large');
  });

  it('leaves values that change or repeat slowly alone', () => {
    const guard = new BridgeGuard('b/', 1_000, 0);
    for (let n = 0; n < 100; n++) expect(guard.judge({ topic: 'b/x', payload }, n * 1_000)).toBe('pass');
    for (let n = 0; n < 100; n++) {
      expect(guard.judge({ topic: 'b/y', payload: Buffer.from(String(n)) }, 100_000)).toBe('pass');
    }
  });

  it('rests a topic on which the same message comes again and again, and one that has been here before', () => {
    const guard = new BridgeGuard('b/', 1_000, 0);
    const verdicts = Array.from({ length: 30 }, (_, n) => guard.judge({ topic: 'b/x', payload }, n));
    expect(verdicts.lastIndexOf('pass')).toBe(19);
    expect(guard.judge({ topic: 'b/x', payload: Buffer.from('other') }, 30_000)).toBe('loop');
    expect(guard.judge({ topic: 'b/x', payload }, 61_000)).toBe('pass');
    expect(guard.judge({ topic: 'b/a/b/x', payload }, 0)).toBe('loop');
  });

  it('never lets more through than its rate, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.uint8Array(), fc.nat(50)), { maxLength: 200 }), (messages) => {
        const guard = new BridgeGuard('b/', 10, 0);
        let now = 0;
        let passed = 0;
        for (const [topic, bytes, wait] of messages) {
          now += wait;
          if (guard.judge({ topic: `b/${topic}`, payload: bytes }, now) === 'pass') passed++;
        }
        expect(passed).toBeLessThanOrEqual(20 + (now / 1_000) * 10);
      }),
    );
  });
});
