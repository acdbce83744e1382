// Twenty nodes and an agent on one of them that wants more than its right, with what it may have stolen.

import { expect } from 'vitest';
import type { Capability } from '../../../agents/capabilities.ts';
import type { Signed } from '../../../agents/oracle/keys.ts';
import { CARRY_OUT } from '../../../agents/oracle/messages.ts';
import { makeOrder } from '../../../agents/oracle/order.ts';
import { issueToken, type TokenChain } from '../../../agents/oracle/token.ts';
import { newId } from '../../../agents/oracle/wallet.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { agent, Exchange, type TestNode } from './exchange.ts';

export const DAY = 24 * 3_600_000;
export const MINUTE = 60_000;
export const two: Capability = {
  action: 'config.set',
  scope: 'network',
  mostNodes: 2,
  largestShare: 0.1,
  approvals: 0,
};
export const all: Capability = { ...two, mostNodes: 20, largestShare: 1 };

/** The authority's node gives an agent of another node a right on the network. */
export function given(
  exchange: Exchange,
  node: TestNode,
  capability: Capability,
  name: string | undefined = 'thief',
): TokenChain {
  const [root] = exchange.nodes;
  const chain = issueToken(
    root!.keys,
    {
      id: newId(),
      holder: { node: node.id, ...(name !== undefined && { agent: name }) },
      capabilities: [capability],
      expiresAt: exchange.clock.wall() + 30 * DAY,
    },
    'authority',
  );
  expect(node.oracle.memory.wallet.accept(chain)).toBe(true);
  if (name !== undefined) node.agents.set(name, [capability]);
  return chain;
}

export const reconfigured = (exchange: Exchange, subject = 'evil'): number =>
  exchange.nodes.filter(({ done }) => done.includes(subject)).length;
export const frozenAt = (exchange: Exchange, key: string): number =>
  exchange.nodes.filter(({ oracle }) => oracle.memory.bans.frozen(key) !== undefined).length;

export const change = (nodes: readonly TestNode[], subject = 'evil', fingerprint?: string) => ({
  action: 'config.set',
  actor: agent('thief'),
  scope: 'network' as const,
  nodes: nodes.map(({ id }) => id),
  subject,
  ...(fingerprint !== undefined && { fingerprint }),
});

/** A node whose own oracle is out of the way: it signs and sends what it likes. */
export async function send(
  exchange: Exchange,
  from: TestNode,
  to: readonly TestNode[],
  token: TokenChain | undefined,
  more: {
    targets?: readonly string[];
    approvals?: Signed[];
    order?: Signed;
    subject?: string;
    fingerprint?: string;
    account?: string;
    actor?: string;
  } = {},
): Promise<string[]> {
  const at = exchange.clock.wall();
  const order =
    more.order ??
    makeOrder(
      from.keys,
      {
        id: newId(),
        actor: more.actor ?? 'agent/thief',
        account: more.account ?? 'agent/thief',
        action: 'config.set',
        targets: more.targets ?? to.map(({ id }) => id),
        subject: more.subject ?? 'evil',
        ...(more.fingerprint !== undefined && { fingerprint: more.fingerprint }),
        at,
        expiresAt: at + MINUTE,
      },
      token,
    );
  const payload = Buffer.from(JSON.stringify({ order, ...(token && { token }), approvals: more.approvals ?? [] }));
  const answers = await exchange.settled(
    Promise.all(
      to.map((node) =>
        from.network.request(node.id, CARRY_OUT, payload, { deadline: 20_000 }).then(
          () => '',
          (error: Error) => error.message,
        ),
      ),
    ),
  );
  if (answers instanceof ParlmeshError) throw answers;
  return answers;
}

export async function twenty() {
  const exchange = await new Exchange(20).start();
  const thief = exchange.nodes[7]!;
  const victims = exchange.nodes.filter((node) => node !== thief && node !== exchange.nodes[0]).slice(0, 10);
  return { exchange, thief, victims, key: `agent/thief@${thief.id}` };
}
