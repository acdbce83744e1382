import { describe, expect, it } from 'vitest';
import type { AgentCapabilities } from '../../../agents/capabilities.ts';
import { verifyAudit } from '../../../agents/oracle/audit-chain.ts';
import { seededRandom } from '../../../core/random.ts';
import { agent, Exchange } from './exchange.ts';
import { all, change, given, reconfigured, twenty, two } from './thief.ts';

describe('Honest work', () => {
  it('wide, with approvals, is done on every node, and leaves a record on each that had a say', async () => {
    const { exchange, thief: honest, victims } = await twenty();
    given(exchange, honest, all);
    const outcomes = await exchange.settled(honest.oracle.order(change(victims, 'new-setting', 'the-same')));
    expect(outcomes).toEqual(victims.map(({ id }) => ({ node: id, done: true })));
    await exchange.pass(1000);
    expect(reconfigured(exchange, 'new-setting')).toBe(10);
    expect(exchange.nodes.every(({ oracle }) => oracle.status().frozen.length === 0)).toBe(true);
    const kinds = exchange.nodes.flatMap(({ audit }) => audit.rows.map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === 'approved').length).toBeGreaterThanOrEqual(2);
    expect(kinds.filter((kind) => kind === 'allowed')).toHaveLength(11);
    for (const { audit, id, keys } of exchange.nodes) {
      expect(verifyAudit(id, audit.rows, (body, signature) => keys.verify('audit', id, body, signature)).ok).toBe(true);
    }
  });

  it('wide, where too few others can be reached, is not done, and nobody is to blame', async () => {
    const { exchange, thief: honest, victims } = await twenty();
    given(exchange, honest, all);
    for (const { id } of exchange.nodes) if (id !== honest.id && id !== victims[0]!.id) exchange.cut.add(id);
    const refused = await exchange.settled(honest.oracle.order(change(victims)));
    expect(refused).toMatchObject({ message: expect.stringContaining('only 1 other nodes can be reached') });
    expect(honest.oracle.status().frozen).toEqual([]);
  });

  it('of the holder of the authority needs nobody', async () => {
    const { exchange, victims } = await twenty();
    const [root] = exchange.nodes;
    for (const { id } of exchange.nodes) if (id !== root!.id) exchange.cut.add(id);
    const operator = { kind: 'operator' as const, name: 'socket' };
    expect(await exchange.settled(root!.oracle.authorize({ ...change(victims), actor: operator }))).toBeUndefined();
    const client = { kind: 'client' as const, name: 'x', tokenId: 'x' };
    root!.agents.set('client', [all]);
    expect(await exchange.settled(root!.oracle.authorize({ ...change(victims), actor: client }))).toMatchObject({
      code: 'NOT_AUTHORIZED',
    });
  });

  it('of a normal day freezes nobody: 20 nodes, 1,000 actions', { timeout: 120_000 }, async () => {
    const exchange = await new Exchange(20).start();
    const random = seededRandom(20);
    const home: AgentCapabilities = [{ ...two, scope: 'node', mostNodes: 1 }];
    for (const node of exchange.nodes) {
      node.agents.set('keeper', home);
      node.agents.set('client', [{ action: 'agent.*', scope: 'node', mostNodes: 1, largestShare: 1, approvals: 0 }]);
    }
    const upgrader = exchange.nodes[4]!;
    given(exchange, upgrader, all, 'upgrader');
    const pair = exchange.nodes[5]!;
    given(exchange, pair, two, 'neighbour');
    let refused = 0;
    const count = (promise: Promise<unknown>): Promise<void> =>
      promise.then(
        () => {},
        () => void refused++,
      );
    const running: Promise<void>[] = [];
    for (let n = 0; n < 1000; n++) {
      const node = exchange.nodes[random.below(20)]!;
      const kind = random.below(100);
      const own = { scope: 'node' as const, nodes: [node.id] };
      if (kind < 60)
        running.push(
          count(
            node.oracle.authorize({
              ...own,
              action: 'task.run',
              actor: { kind: 'peer', node: exchange.nodes[random.below(20)]!.id },
              subject: 'task',
            }),
          ),
        );
      else if (kind < 75)
        running.push(
          count(
            node.oracle.authorize({
              ...own,
              action: 'agent.restart',
              actor: { kind: 'client', name: 'grafana', tokenId: 't' },
              subject: 'agent/x',
            }),
          ),
        );
      else if (kind < 97)
        running.push(
          count(
            node.oracle.authorize({
              ...own,
              action: 'config.set',
              actor: agent('keeper'),
              subject: 'own',
              fingerprint: `change-${n}`,
            }),
          ),
        );
      else if (kind < 98)
        running.push(
          count(
            pair.oracle.order({
              ...change([exchange.nodes[6 + (n % 2)]!]),
              actor: agent('neighbour'),
              subject: 'care',
            }),
          ),
        );
      if (n % 500 === 250)
        running.push(
          count(
            upgrader.oracle.order({
              ...change(exchange.nodes.filter((each) => each !== upgrader)),
              actor: agent('upgrader'),
              subject: `setting-${n}`,
              fingerprint: `setting-${n}`,
            }),
          ),
        );
      await exchange.pass(86_400, 8_640);
    }
    await exchange.pass(60_000, 1_000);
    await Promise.all(running);
    expect(refused).toBe(0);
    for (const { oracle } of exchange.nodes) {
      expect(oracle.status().frozen).toEqual([]);
      expect(oracle.status().halt).toBeUndefined();
    }
    expect(reconfigured(exchange, 'setting-250')).toBe(19);
  });
});
