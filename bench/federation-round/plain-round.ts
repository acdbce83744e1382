// The plain coordinator that rounds are compared with: one node after the other, each waited for, then one aggregation by the
// same rule. It keeps the updates in the same store, as one that may be killed has to.

import { Type } from 'typebox';
import type { Update } from '../../agents/federation/aggregation/aggregator.ts';
import { readFrame } from '../../agents/federation/messages.ts';
import { Int8Codec } from '../../agents/federation/rounds/int8-codec.ts';
import type { FederationStorage } from '../../agents/federation/storage.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import { LEARNER } from './bench-learner.ts';
import { type BenchKeys, defaultRule } from './federation-node.ts';

const Header = Type.Object({ signature: Type.String() });
const PLAIN = 'plain';

/** Seconds of a round. Nodes are spared fetching the model. */
export async function plainRound(
  network: AgentNetwork,
  nodes: readonly string[],
  keys: BenchKeys,
  size: number,
  storage: FederationStorage,
): Promise<number> {
  const codec = new Int8Codec();
  const rule = defaultRule();
  const began = performance.now();
  const updates: Update[] = [];
  for (const node of nodes) {
    const reply = readFrame(
      Header,
      await network.request(node, 'plain-train', new Uint8Array(0), { deadline: 60_000 }),
    );
    if (reply === undefined) throw new Error(`${node} answers something else`);
    const data = Uint8Array.from(reply.bytes);
    if (!keys.verify('federation-update', node, data, Buffer.from(reply.header.signature, 'base64'))) {
      throw new Error(`${node} did not sign its update`);
    }
    await storage.putUpdate({ learner: PLAIN, round: 1, node, header: '{}', data });
    updates.push({ node, weight: 100, delta: codec.unpack(data, { learner: LEARNER, format: 1, size }) });
  }
  rule(updates);
  await storage.dropUpdates(PLAIN, 2);
  return (performance.now() - began) / 1000;
}
