// The Mosquitto example in deploy/ run for real: what it must allow, and what it must not.

import { readFile } from 'node:fs/promises';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../free-port.ts';
import { Bench, noMosquitto, retained, startMosquitto } from './brokers.ts';
import { eventually } from './eventually.ts';
import { NODE_ID } from './test-node.ts';

const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

const example = (name: string): Promise<string> =>
  readFile(new URL(`../../../deploy/mosquitto/${name}`, import.meta.url), 'utf8');

describe(`deploy/mosquitto${noMosquitto && ` (skipped: ${noMosquitto})`}`, () => {
  it.skipIf(noMosquitto !== '')('lets nodes publish, Home Assistant read and press, and nobody else in', async () => {
    const started = await startMosquitto(await freePort(), {
      users: { parlmesh: 'one', homeassistant: 'two' },
      acl: await example('parlmesh.acl'),
      extra: (await example('parlmesh.conf')).split('\n').filter((line) => /^(message_size|max_queued)/.test(line)),
    });
    cleanup.push(() => started.stop());
    const bench = new Bench({ url: started.url, username: 'parlmesh', password: 'one', commands: true });
    cleanup.push(() => bench.stop());
    await bench.start();
    const reader = { username: 'homeassistant', password: 'two' };
    const topics = async (): Promise<string[]> => [...(await retained(started.url, reader)).keys()];
    await eventually(topics).toContain(`parlmesh/net1/${NODE_ID}/availability`);
    expect(await topics()).toContain(`homeassistant/device/parlmesh_${NODE_ID}/config`);

    const assistant = await mqtt.connectAsync(started.url, { reconnectPeriod: 0, ...reader });
    cleanup.push(() => assistant.endAsync());
    await assistant.publishAsync(`parlmesh/net1/${NODE_ID}/agents/hardware/command`, 'restart', { qos: 1 });
    await eventually(() => bench.node.asked).toEqual(['hardware']);
    await assistant.publishAsync(`parlmesh/net1/${NODE_ID}/state`, 'forged', { qos: 1, retain: true });
    expect((await retained(started.url, reader)).get(`parlmesh/net1/${NODE_ID}/state`)).not.toBe('forged');
    await expect(mqtt.connectAsync(started.url, { reconnectPeriod: 0 })).rejects.toThrow(/not authorized/i);
  });
});
