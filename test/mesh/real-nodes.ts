// Real nodes on 127.0.0.1 for tests: own keys, state in memory, system time.

import { Value } from 'typebox/value';
import type { JournalEntry } from '../../core/journal.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { MeshConfig } from '../../mesh/config.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { MemoryState, type MeshState } from '../../mesh/membership/state.ts';
import { Mesh, type MeshParts } from '../../mesh/mesh.ts';

export interface RealNode {
  mesh: Mesh;
  key: SigningKey;
  state: MeshState;
  journal: JournalEntry[];
}

type RealNodeOptions = { config?: Partial<MeshConfig>; key?: SigningKey; state?: MeshState } & Partial<
  Pick<MeshParts, 'mqtt' | 'listenIsExplicit' | 'authorize' | 'certificateLifetime' | 'clock'>
>;

const created: Mesh[] = [];

/** Not started. Everything runs on loopback, finds others only by what the test tells it. */
export function realNode(name: string, options: RealNodeOptions = {}): RealNode {
  const key = options.key ?? SigningKey.generate();
  const state = options.state ?? new MemoryState();
  const journal: JournalEntry[] = [];
  const defaults = Value.Default(MeshConfig, {});
  if (!Value.Check(MeshConfig, defaults)) throw new Error('the defaults of the mesh settings are not valid');
  const config: MeshConfig = {
    ...defaults,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    enrolPort: 0,
    mdns: false,
    autoDial: false,
    preset: 'wired',
    ...options.config,
  };
  const mesh = new Mesh({
    config,
    listenIsExplicit: options.listenIsExplicit ?? true,
    key,
    name,
    version: '0.0.0-test',
    state,
    ...(options.mqtt && { mqtt: options.mqtt }),
    ...(options.authorize && { authorize: options.authorize }),
    ...(options.certificateLifetime && { certificateLifetime: options.certificateLifetime }),
    summary: () => ({ profile: 'generic-x64', load: 0.1 }),
    clock: options.clock ?? systemClock,
    random: seededRandom(created.length + 1),
    logger: silentLogger,
    journal: { record: (entry) => journal.push(entry) },
  });
  created.push(mesh);
  return { mesh, key, state, journal };
}

export async function started(node: RealNode): Promise<RealNode> {
  await node.mesh.start(new AbortController().signal);
  return node;
}

/** A new node that has joined the inviter's network. */
export async function invited(inviter: RealNode, name: string): Promise<RealNode> {
  const node = await started(realNode(name));
  await node.mesh.joinNetwork((await inviter.mesh.createInvite({ expiresIn: 60_000 })).token);
  return node;
}

/** The same node in another life, which dials `others`. */
export function again(node: RealNode, name: string, others: RealNode[]): Promise<RealNode> {
  const bootstrap = others.flatMap(({ mesh }) => mesh.addresses());
  return started(realNode(name, { key: node.key, state: node.state, config: { bootstrap } }));
}

/** Enrolled like any other, then in another life that has lost its connections and reaches others by `options.mqtt` alone; not started. */
export async function brokerOnly(
  inviter: RealNode,
  name: string,
  options: RealNodeOptions & Required<Pick<RealNodeOptions, 'mqtt'>>,
): Promise<RealNode> {
  const { mesh, key, state } = await invited(inviter, name);
  await mesh.stop();
  await state.write('peers', { format: 1, peers: [] });
  return realNode(name, { key, state, ...options });
}

/** For `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(created.splice(0).map((mesh) => mesh.stop()));
}

/** The names on the way to `destination`, or undefined when there is no route. */
export function pathFrom(node: RealNode, destination: RealNode): string[] | undefined {
  return node.mesh.routes().find((route) => route.destination === destination.mesh.id)?.pathNames;
}
