import { Value } from 'typebox/value';
import { afterEach, expect, it } from 'vitest';
import { OracleConfig } from '../../../agents/oracle/config.ts';
import { AntiMeaveOracle } from '../../../agents/oracle/oracle.ts';
import { issueToken } from '../../../agents/oracle/token.ts';
import { newId } from '../../../agents/oracle/wallet.ts';
import { silentLogger } from '../../../core/logger.ts';
import { MeshAgentNetwork } from '../../../daemon/agent-network.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { relayPolicy } from '../../../daemon/remote-nodes.ts';
import { oracleKeys } from '../../../daemon/security/oracle-keys.ts';
import { type RealNode, realNode, started, stopAll } from '../../mesh/real-nodes.ts';
import { memoryDocument } from '../memory-document.ts';
import { agent, memoryAudit } from './exchange.ts';

interface Guarded {
  node: RealNode;
  network: MeshAgentNetwork;
  oracle: AntiMeaveOracle;
  keys: ReturnType<typeof oracleKeys>;
  done: string[];
}

const oracles: AntiMeaveOracle[] = [];
afterEach(async () => {
  await Promise.all(oracles.splice(0).map((oracle) => oracle.stop()));
  await stopAll();
});

async function guarded(name: string, inviter?: Guarded): Promise<Guarded> {
  const node = realNode(name, { authorize: relayPolicy([]) });
  const network = new MeshAgentNetwork(node.mesh, systemClock);
  const keys = oracleKeys(node.key, () => node.mesh.credentials());
  const oracle = new AntiMeaveOracle({
    config: Value.Parse(OracleConfig, Value.Default(OracleConfig, { hold: 0.5 })),
    ...{ keys, network },
    audit: memoryAudit(),
    storage: memoryDocument(),
    capabilitiesOf: () => [{ action: 'config.set', scope: 'network', mostNodes: 9, largestShare: 1, approvals: 0 }],
    clock: systemClock,
    journal: { record: () => {} },
    logger: silentLogger,
  });
  const done: string[] = [];
  oracle.handleOrder('config.set', async ({ subject }) => void done.push(subject));
  await started(node);
  if (inviter !== undefined) {
    await node.mesh.joinNetwork((await inviter.node.mesh.createInvite({ expiresIn: 60_000 })).token);
  }
  await oracle.start();
  oracle.networkChanged();
  oracles.push(oracle);
  return { node, network, oracle, keys, done };
}

it('Four real nodes approve a wide change together, and freeze who wants more than its right', {
  timeout: 90_000,
}, async () => {
  const alpha = await guarded('alpha');
  const bravo = await guarded('bravo', alpha);
  const charlie = await guarded('charlie', alpha);
  const delta = await guarded('delta', alpha);
  const all = [alpha, bravo, charlie, delta];
  // A route may be known before the member at its end is: how many approvals are needed goes by the members.
  const reached = ({ network }: Guarded) => network.nodes().filter(({ reachable }) => reachable).length;
  await expect.poll(() => all.map(reached), { timeout: 30_000 }).toEqual([3, 3, 3, 3]);
  const give = (mostNodes: number, name: string): void => {
    const token = issueToken(
      alpha.keys,
      {
        id: newId(),
        holder: { node: bravo.node.mesh.id, agent: name },
        capabilities: [{ action: 'config.set', scope: 'network', mostNodes, largestShare: 1, approvals: 0 }],
        expiresAt: systemClock.wall() + 60_000,
      },
      'authority',
    );
    expect(bravo.oracle.memory.wallet.accept(token)).toBe(true);
  };
  give(9, 'keeper');
  give(1, 'thief');
  const nodes = [charlie, delta].map(({ node }) => node.mesh.id);
  const change = { action: 'config.set', scope: 'network' as const, nodes, subject: 'good' };
  expect(await bravo.oracle.order({ ...change, actor: agent('keeper') })).toEqual(
    nodes.map((node) => ({ node, done: true })),
  );
  expect([charlie.done, delta.done]).toEqual([['good'], ['good']]);
  expect(all.reduce((sum, { oracle }) => sum + oracle.figures().approvalsGiven, 0)).toBeGreaterThanOrEqual(2);

  for (let n = 0; n < 6; n++) {
    await expect(bravo.oracle.order({ ...change, subject: 'evil', actor: agent('thief') })).rejects.toMatchObject({
      code: 'NOT_AUTHORIZED',
    });
  }
  const key = `agent/thief@${bravo.node.mesh.id}`;
  await expect
    .poll(() => all.filter(({ oracle }) => oracle.memory.bans.frozen(key) !== undefined).length, { timeout: 20_000 })
    .toBe(4);
  expect([charlie.done, delta.done]).toEqual([['good'], ['good']]);

  expect(await charlie.oracle.halt('seen')).toBe('here');
  expect(await alpha.oracle.halt('a break-in')).toBe('network');
  await expect
    .poll(() => all.filter(({ oracle }) => oracle.status().halt?.by === 'authority').length, { timeout: 20_000 })
    .toBe(4);
  expect(await alpha.oracle.liftHalt()).toBe('network');
  await expect
    .poll(() => all.filter(({ oracle }) => oracle.status().halt !== undefined).length, { timeout: 20_000 })
    .toBe(0);
});
