// parlmesh: signed envelopes, verified, deduplicated and counted by every node.

import { Type } from 'typebox';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { credentialsToDocument } from '../../mesh/membership/network.ts';
import { MemoryState } from '../../mesh/membership/state.ts';
import { type RealNode, realNode, started, stopAll } from '../../test/mesh/real-nodes.ts';
import { credentialsFor } from '../rig/parlmesh-network.ts';
import { until } from '../rig/processes.ts';
import type { StartNetwork } from './network.ts';

const CONNECTING_LIMIT = 300_000;

const topic = {
  name: 'bench',
  kind: 'event',
  schema: Type.Object({ message: Type.Integer() }),
  lifetime: 30_000,
} as const;

const connected = ({ mesh }: RealNode): number => mesh.peers().filter(({ state }) => state === 'connected').length;

export const startParlmesh: StartNetwork = async (count, heard) => {
  const members = Array.from({ length: count }, (_, index) => ({ key: SigningKey.generate(), name: `n${index}` }));
  const credentials = credentialsFor(members);
  const nodes: RealNode[] = [];
  for (const [index, { key, name }] of members.entries()) {
    const state = new MemoryState();
    await state.write('credentials', credentialsToDocument(credentials[index]!));
    const bootstrap = nodes.flatMap(({ mesh }) => mesh.addresses());
    const node = realNode(name, { key, state, config: { bootstrap, preset: 'battery' } });
    node.mesh.subscribe(topic, {
      message: ({ origin, payload }) => {
        if (origin !== key.nodeId) heard(payload.message);
      },
    });
    nodes.push(await started(node));
    // One after the other: all handshakes at once would starve the probes of those that stand.
    await until(`${name} is connected to all before it`, CONNECTING_LIMIT, () => connected(node) >= index);
  }
  await until('every node is connected to every other', CONNECTING_LIMIT, () =>
    nodes.every((node) => connected(node) === count - 1),
  );
  return {
    publish: (from, message) => nodes[from]!.mesh.publish(topic, { message }),
    stop: stopAll,
  };
};
