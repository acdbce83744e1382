// Real brokers for the tests, and a telemetry service wired to them.

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import mqtt, { type MqttClient } from 'mqtt';
import { Value } from 'typebox/value';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { EmbeddedBroker } from '../../../daemon/telemetry/broker.ts';
import { MqttConfig } from '../../../daemon/telemetry/config.ts';
import { MqttTelemetry, type MqttTelemetryOptions } from '../../../daemon/telemetry/publisher.ts';
import { TestNode } from './test-node.ts';

/** The section as the configuration loader would give it. */
export function mqttConfig(settings: Record<string, unknown>): MqttConfig {
  return Value.Parse(MqttConfig, Value.Default(MqttConfig, settings));
}

export interface TestBroker {
  url: string;
  stop(): Promise<void>;
}

export async function startAedes(
  port: number,
  settings: { username?: string; password?: string; host?: string } = {},
): Promise<TestBroker> {
  const { host = '127.0.0.1', ...credentials } = settings;
  const broker = new EmbeddedBroker({
    config: mqttConfig({ ...credentials, embedded: { host, port } }),
    logger: silentLogger,
  });
  await broker.start(new AbortController().signal);
  return { url: broker.url!, stop: () => broker.stop() };
}

const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find(existsSync);
export const noMosquitto = MOSQUITTO === undefined ? 'mosquitto is not installed' : '';

export async function startMosquitto(
  port: number,
  settings: {
    username?: string;
    password?: string;
    users?: Record<string, string>;
    acl?: string;
    extra?: string[];
  } = {},
): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-mosquitto-'));
  const { username, password = '', acl, extra = [] } = settings;
  const users = Object.entries(settings.users ?? (username === undefined ? {} : { [username]: password }));
  // "user root": as root it would become a user that may not read this folder.
  const lines = [`listener ${port} 127.0.0.1`, 'persistence false', 'user root', ...extra];
  if (users.length === 0) lines.push('allow_anonymous true');
  else {
    const file = join(folder, 'passwords');
    await writeFile(file, '', { mode: 0o600 });
    for (const [user, secret] of users) spawnSync('mosquitto_passwd', ['-b', file, user, secret]);
    lines.push('allow_anonymous false', `password_file ${file}`);
  }
  if (acl !== undefined) {
    await writeFile(join(folder, 'acl'), acl, { mode: 0o600 });
    lines.push(`acl_file ${join(folder, 'acl')}`);
  }
  await writeFile(join(folder, 'mosquitto.conf'), lines.join('\n'));
  const child = spawn(MOSQUITTO!, ['-c', join(folder, 'mosquitto.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilRunning(child);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Mosquitto says so when its listener is open. */
async function untilRunning(child: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  let said = '';
  // Read to the end of its life: a full pipe would stop it.
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => {
      if (/mosquitto version \S+ running/.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`mosquitto ended: ${said}`)));
  });
}

export async function subscriber(url: string, filter: string, options: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options });
  await client.subscribeAsync(filter, { qos: 1 });
  return client;
}

/**
 * All retained messages of a broker, as a fresh subscriber gets them. That they are all here is shown by two marks:
 * one retained last (Aedes hands them out in that order), one published after the subscription (Mosquitto has queued
 * everything by then).
 */
export async function retained(url: string, options: mqtt.IClientOptions = {}): Promise<Map<string, string>> {
  const mark = `homeassistant/mark/${randomUUID()}`;
  const found = new Map<string, string>();
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options });
  await client.publishAsync(mark, 'retained', { qos: 1, retain: true });
  const complete = new Promise<void>((resolve) => {
    const missing = new Set(['retained', 'after']);
    client.on('message', (topic, payload, packet) => {
      if (topic === mark) missing.delete(payload.toString());
      else if (packet.retain && !topic.startsWith('homeassistant/mark/')) found.set(topic, payload.toString());
      if (missing.size === 0) resolve();
    });
  });
  await client.subscribeAsync('#', { qos: 1 });
  await client.publishAsync(mark, 'after', { qos: 1 });
  await complete;
  await client.publishAsync(mark, '', { qos: 1, retain: true });
  await client.endAsync();
  return found;
}

/** A telemetry service with everything around it. */
export class Bench {
  readonly node: TestNode;
  readonly journal: JournalEntry[] = [];
  readonly causes: (string | undefined)[] = [];
  readonly telemetry: MqttTelemetry;
  entries: string[];

  constructor(
    settings: Record<string, unknown>,
    options: { node?: TestNode; entries?: string[] } & Partial<MqttTelemetryOptions> = {},
  ) {
    const { node, entries, ...rest } = options;
    this.node = node ?? new TestNode();
    this.entries = entries ?? [];
    this.telemetry = new MqttTelemetry({
      config: mqttConfig(settings),
      view: this.node,
      actions: this.node,
      journal: { record: (entry) => this.journal.push(entry) },
      logger: silentLogger,
      clock: systemClock,
      random: seededRandom(1),
      memory: {
        load: () => this.entries,
        save: (saved) => {
          this.entries = saved;
        },
      },
      embeddedUrl: () => undefined,
      labelsOf: () => [],
      onState: (cause) => this.causes.push(cause),
      ...rest,
    });
  }

  start(): Promise<void> {
    return this.telemetry.start(new AbortController().signal);
  }

  stop(): Promise<void> {
    return this.telemetry.stop();
  }
}
