// Brokers that can be killed: three NATS servers in a cluster that speaks MQTT, or Mosquitto twice.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { isInstalled, Running, until } from '../rig/processes.ts';

export interface Brokers {
  urls: string[];
  /** Power is lost. */
  kill(broker: number): Promise<void>;
  /** Runs it again, and resolves when all take clients. */
  mend(broker: number): Promise<void>;
  stop(): Promise<void>;
}

const START_LIMIT = 60_000;

export const NATS = 'nats-server';
export const MOSQUITTO = '/usr/sbin/mosquitto';
export const has = (program: string): boolean => isInstalled(program);

export async function natsCluster(count = 3): Promise<Brokers> {
  const ports = await freePorts(3 * count);
  const of = (at: number): [client: number, cluster: number, mqtt: number] => [
    ports[3 * at]!,
    ports[3 * at + 1]!,
    ports[3 * at + 2]!,
  ];
  const routes = Array.from({ length: count }, (_, at) => `nats://127.0.0.1:${of(at)[1]}`).join(', ');
  const mqttPorts = Array.from({ length: count }, (_, at) => of(at)[2]);
  return startBrokers(mqttPorts, async (at, folder) => {
    const [client, cluster, mqtt] = of(at);
    const file = join(folder, `${at}.conf`);
    await writeFile(
      file,
      `server_name: n${at}
listen: "127.0.0.1:${client}"
jetstream { store_dir: "${join(folder, `store${at}`)}" }
cluster { name: bench, listen: "127.0.0.1:${cluster}", routes: [${routes}] }
mqtt { host: "127.0.0.1", port: ${mqtt} }
`,
    );
    return [NATS, '-c', file];
  });
}

/** Two that know nothing of each other. */
export async function mosquittos(): Promise<Brokers> {
  const ports = await freePorts(2);
  return startBrokers(ports, async (at, folder) => {
    const file = join(folder, `${at}.conf`);
    await writeFile(file, `listener ${ports[at]} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
    return [MOSQUITTO, '-c', file];
  });
}

async function startBrokers(
  ports: readonly number[],
  command: (at: number, folder: string) => Promise<[string, ...string[]]>,
): Promise<Brokers> {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-brokers-'));
  const running: Running[] = [];
  const urls = ports.map((port) => `mqtt://127.0.0.1:${port}`);
  const start = async (at: number): Promise<void> => {
    running[at] = new Running(await command(at, folder));
  };
  const ready = (): Promise<void> => until('all brokers take clients', START_LIMIT, () => allAnswer(urls));
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop('SIGKILL')));
    await rm(folder, { recursive: true });
  };
  try {
    for (const at of ports.keys()) await start(at);
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls,
    kill: (at) => running[at]!.stop('SIGKILL'),
    mend: async (at) => {
      await start(at);
      await ready();
    },
    stop,
  };
}

async function allAnswer(urls: readonly string[]): Promise<boolean> {
  const tries = urls.map(async (url) => {
    const client = await connectAsync(url, { reconnectPeriod: 0, connectTimeout: 2000 }, false);
    await client.endAsync(true);
  });
  return (await Promise.allSettled(tries)).every(({ status }) => status === 'fulfilled');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
  return ports;
}
