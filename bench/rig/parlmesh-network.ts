// Real daemons of one network: their credentials are made beforehand, so that no time goes into joining.

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import type { LocalNode } from '../../daemon/cli/local-node.ts';
import { serverSentEvents } from '../../daemon/cli/server-sent-events.ts';
import { systemClock } from '../../daemon/clock.ts';
import { loadIdentity } from '../../daemon/security/identity.ts';
import { NetworkFiles } from '../../daemon/security/network.ts';
import { issueCertificate } from '../../mesh/membership/certificate.ts';
import type { SigningKey } from '../../mesh/membership/keys.ts';
import {
  CERTIFICATE_LIFETIME,
  type Credentials,
  createNetwork,
  credentialsToDocument,
} from '../../mesh/membership/network.ts';
import { until } from './processes.ts';

/** Only the mesh: what else a daemon does is measured elsewhere. */
export const MESH_ONLY: Record<string, string> = {
  PARLMESH_HTTP_ENABLED: 'false',
  PARLMESH_MQTT_ENABLED: 'false',
  PARLMESH_LOG_LEVEL: 'error',
  PARLMESH_MESH_MDNS: 'false',
  PARLMESH_MESH_PRESET: 'wired',
};

/** Credentials of one network for each of these keys; the first holds the authority. */
export function credentialsFor(members: readonly { key: SigningKey; name: string }[]): Credentials[] {
  const [first, ...others] = members;
  if (first === undefined) return [];
  const issuedAt = systemClock.wall();
  const founded = createNetwork('bench', first.key, first.name, issuedAt);
  const { authorityKey, network } = founded;
  if (authorityKey === undefined) throw new Error('a new network has no authority');
  const joined = others.map(({ key, name }) => ({
    ...founded,
    authorityKey: undefined,
    certificate: issueCertificate(authorityKey, {
      network: network.id,
      node: key.publicKey,
      name,
      issuedAt,
      expiresAt: issuedAt + CERTIFICATE_LIFETIME,
      serial: randomBytes(8).toString('hex'),
    }),
  }));
  return [founded, ...joined];
}

/** Makes nodes that have not started yet members of one network; gives their ids. */
export async function enrolAll(nodes: readonly LocalNode[]): Promise<string[]> {
  const members = await Promise.all(
    nodes.map(async ({ name, dataDir }) => ({ name, dataDir, key: await loadIdentity(dataDir) })),
  );
  const credentials = credentialsFor(members);
  await Promise.all(
    members.map(({ dataDir }, index) =>
      new NetworkFiles(dataDir).write('credentials', credentialsToDocument(credentials[index]!)),
    ),
  );
  return members.map(({ key }) => key.nodeId);
}

/** Starts the nodes a few at a time: each takes a second of a core. */
export async function startAll(nodes: readonly LocalNode[]): Promise<void> {
  const waiting = [...nodes];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
        node.start();
        await node.ready(180_000);
      }
    }),
  );
}

/** Resolves when each of the nodes has a route to so many others; rejects when one has not within `limit` milliseconds. */
export async function untilRouted(
  nodes: readonly LocalNode[],
  others = nodes.length - 1,
  limit = 120_000,
): Promise<void> {
  for (const node of nodes) {
    await until(`${node.name} has routes to all`, limit, async () => {
      return (await node.get<unknown[]>('routes')).length === others;
    });
  }
}

/** Calls back with the present value of a topic and each change; resolves to what ends it. */
export function follow<T>(node: LocalNode, topic: string, changed: (value: T) => void): Promise<() => void> {
  return new Promise((done, fail) => {
    const call = request({ socketPath: node.socket, path: `/api/v3/stream?topics=${topic}` }, (response) => {
      const read = async (): Promise<void> => {
        for await (const { event, data } of serverSentEvents(response)) {
          if (event === topic) changed(JSON.parse(data) as T);
        }
      };
      // The node that is killed, or whoever follows, ends the stream.
      read().catch(() => {});
      done(() => call.destroy());
    });
    call.on('error', fail);
    call.end();
  });
}

export const dataDirOf = (scratch: string, node: number): string => join(scratch, `node${node}`);
