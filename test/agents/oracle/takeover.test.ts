import { describe, expect, it } from 'vitest';
import { epochAt, rankApprovers } from '../../../agents/oracle/approvers.ts';
import type { Signed } from '../../../agents/oracle/keys.ts';
import { APPROVE } from '../../../agents/oracle/messages.ts';
import { approversOf, makeApproval, makeOrder, type Order, readOrder } from '../../../agents/oracle/order.ts';
import { handOn, issueToken, type TokenChain } from '../../../agents/oracle/token.ts';
import { newId } from '../../../agents/oracle/wallet.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { agent, type Exchange, type TestNode } from './exchange.ts';
import { all, change, DAY, frozenAt, given, MINUTE, reconfigured, send, twenty, two } from './thief.ts';

describe('One agent that wants half of twenty nodes', () => {
  it('gets none with no right, and is frozen everywhere after a few attempts', async () => {
    const { exchange, thief, victims, key } = await twenty();
    thief.agents.set('thief', [{ ...two, action: 'camera.capture' }]);
    for (let n = 0; n < 7; n++) {
      const refused = await exchange.settled(thief.oracle.order(change(victims)));
      expect(refused).toMatchObject({ code: 'NOT_AUTHORIZED' });
    }
    await exchange.pass(200);
    expect(reconfigured(exchange)).toBe(0);
    expect(frozenAt(exchange, key)).toBe(20);
    expect(thief.oracle.memory.bans.frozen('agent/honest@'.concat(thief.id))).toBeUndefined();
    expect(thief.journal.map(({ kind }) => kind)).toContain('oracle.frozen');
  });

  it('with a stolen right to two nodes, all at once: gets none', async () => {
    const { exchange, thief, victims } = await twenty();
    given(exchange, thief, two);
    const refused = await exchange.settled(thief.oracle.order(change(victims)));
    expect(refused).toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: expect.stringContaining('allows 2 nodes, not 10'),
    });
    expect(reconfigured(exchange)).toBe(0);
  });

  it('with a stolen right to two nodes, one node an hour: gets two, then is frozen', async () => {
    const { exchange, thief, victims, key } = await twenty();
    given(exchange, thief, two);
    for (const victim of victims.slice(0, 4)) {
      await exchange.settled(thief.oracle.order(change([victim])));
      await exchange.pass(3_600_000, 60_000);
    }
    expect(reconfigured(exchange)).toBe(2);
    for (let n = 0; n < 6; n++) await exchange.settled(thief.oracle.order(change([victims[5]!])));
    await exchange.pass(200);
    expect(frozenAt(exchange, key)).toBe(20);
    expect(reconfigured(exchange)).toBe(2);
  });

  it('on a node that has no honest oracle, one order to each at once: gets none, and is frozen everywhere', async () => {
    const { exchange, thief, victims, key } = await twenty();
    const token = given(exchange, thief, two);
    const answers = await exchange.settled(
      Promise.all(victims.map((victim) => send(exchange, thief, [victim], token))),
    );
    await exchange.pass(2_000);
    expect(answers).toHaveLength(10);
    expect(reconfigured(exchange)).toBe(0);
    // The thief's own oracle is not asked.
    expect(frozenAt(exchange, key)).toBeGreaterThanOrEqual(19);
  });

  it('on a node that has no honest oracle, slowly: gets what the token names and no more', async () => {
    const { exchange, thief, victims } = await twenty();
    const token = given(exchange, thief, two);
    for (const victim of victims) {
      await send(exchange, thief, [victim], token);
      await exchange.pass(10 * MINUTE, 30_000);
    }
    expect(reconfigured(exchange)).toBe(2);
    for (let n = 0; n < 6; n++) for (const victim of victims.slice(4, 7)) await send(exchange, thief, [victim], token);
    await exchange.pass(500);
    expect(frozenAt(exchange, `agent/thief@${thief.id}`)).toBe(20);
  });

  it('cannot hide behind names: what a node may do is added up for all on it', async () => {
    const { exchange, thief, victims } = await twenty();
    const token = given(exchange, thief, two, undefined);
    for (const [n, victim] of victims.entries()) {
      await send(exchange, thief, [victim], token, {
        actor: `agent/invented-${n}`,
        account: n % 2 === 0 ? '*' : `agent/invented-${n}`,
      });
      await exchange.pass(5_000);
    }
    expect(reconfigured(exchange)).toBeLessThanOrEqual(2);
  });

  it('with the right to all nodes still needs others to agree; several times in a row freezes it', async () => {
    const { exchange, thief, victims, key } = await twenty();
    const token = given(exchange, thief, all);
    expect(
      (await send(exchange, thief, victims, token)).every((answer) => answer.includes('needs the approval of 2')),
    ).toBe(true);
    expect(reconfigured(exchange)).toBe(0);
    for (let n = 0; n < 8; n++) await exchange.settled(thief.oracle.order(change(victims, `wave-${n}`)));
    await exchange.pass(200);
    // Four wide actions in ten minutes are let pass, approved each by two others; the fifth is one too many.
    expect([0, 1, 2, 3, 4, 5].map((n) => reconfigured(exchange, `wave-${n}`))).toEqual([10, 10, 10, 10, 0, 0]);
    expect(frozenAt(exchange, key)).toBe(20);
  });

  it('gets nowhere with forged, stolen, widened and revoked tokens', async () => {
    const { exchange, thief, victims } = await twenty();
    const other = exchange.nodes[9]!;
    const victim = victims[0]!;
    const answer = async (token: TokenChain | undefined) => (await send(exchange, thief, [victim], token))[0];
    const forgedRoot = issueToken(
      thief.keys,
      {
        id: newId(),
        holder: { node: thief.id, agent: 'thief' },
        capabilities: [{ ...two, scope: 'node' }],
        expiresAt: exchange.clock.wall() + DAY,
      },
      'self',
    );
    expect(await answer(undefined)).toContain('shows no token');
    expect(await answer(forgedRoot)).toContain('does not reach the group');
    expect(await answer(given(exchange, other, two, 'honest'))).toContain('given to somebody else');
    const small = given(exchange, thief, two);
    const [first] = small;
    expect(await answer([{ ...first!, body: first!.body.replace('"mostNodes":2', '"mostNodes":9') }])).toContain(
      'forged',
    );
    expect(reconfigured(exchange)).toBe(0);
  });

  it('whose token is revoked is refused by all who heard of it', async () => {
    const { exchange, thief, victims } = await twenty();
    const token = given(exchange, thief, two);
    const [root] = exchange.nodes;
    const checked = root!.oracle.memory.wallet.check(token);
    if (!checked.ok) throw new Error('not good');
    const { id, issuer } = checked.token.blocks[0]!;
    root!.oracle.revoke(id, issuer, checked.token.expiresAt);
    await exchange.pass(200);
    expect((await send(exchange, thief, victims.slice(0, 1), token))[0]).toContain('revoked');
  });

  it('cannot use an order or its approvals twice, for another thing, later, or from another node', async () => {
    const { exchange, thief, victims } = await twenty();
    const token = given(exchange, thief, all);
    const { order, approvals } = await approvedOrder(exchange, thief, victims, token);
    const [victim] = victims;
    expect(await send(exchange, thief, [victim!], token, { order, approvals })).toEqual(['']);
    expect((await send(exchange, thief, [victim!], token, { order, approvals }))[0]).toContain('carried out already');
    // The same approvals under another order.
    expect(
      (await send(exchange, thief, victims.slice(1), token, { approvals })).every((text) => text.includes('has 0')),
    ).toBe(true);
    // Sent on by somebody else.
    expect((await send(exchange, exchange.nodes[9]!, [victims[2]!], token, { order, approvals }))[0]).toContain(
      'no order of the node',
    );
    await exchange.pass(2 * MINUTE, 1000);
    expect((await send(exchange, thief, [victims[3]!], token, { order, approvals }))[0]).toContain('too old');
    expect(reconfigured(exchange)).toBe(1);
  });

  it('with one approver on its side still lacks the other', async () => {
    const { exchange, thief, victims, key } = await twenty();
    const token = given(exchange, thief, two);
    const at = exchange.clock.wall();
    const targets = victims.map(({ id }) => id);
    const order = makeOrder(
      thief.keys,
      {
        id: newId(),
        actor: 'agent/thief',
        account: 'agent/thief',
        action: 'config.set',
        targets,
        subject: 'evil',
        at,
        expiresAt: at + MINUTE,
      },
      token,
    );
    const read = readOrder(thief.keys, order)!;
    const ranked = rankApprovers(
      exchange.nodes.map(({ id }) => id),
      { network: 'test-network', node: thief.id, epoch: epochAt(at) },
    );
    const accomplice = exchange.nodes.find(({ id }) => id === ranked[0])!;
    const approval = makeApproval(accomplice.keys, read, at);
    // Signing twice does not count twice, nor does the thief's own word, nor one of a node that was not to be asked.
    const late = exchange.nodes.find(({ id }) => id === ranked[15])!;
    const approvals = [
      approval,
      { ...approval },
      makeApproval(thief.keys, read, at),
      makeApproval(late.keys, read, at),
    ];
    const answers = await send(exchange, thief, victims, token, { order, approvals });
    expect(answers.every((text) => text !== '')).toBe(true);
    const wideToken = given(exchange, thief, all);
    for (let n = 0; n < 7; n++) await sendApproved(exchange, thief, victims, wideToken, accomplice);
    await exchange.pass(500);
    expect(reconfigured(exchange)).toBe(0);
    expect(frozenAt(exchange, key)).toBeGreaterThanOrEqual(19);
  });

  it('making the same change on many nodes within a second is found, also where each makes it on itself', async () => {
    const { exchange, victims } = await twenty();
    for (const victim of victims) victim.agents.set('worm', [{ ...two, scope: 'node', action: 'agent.install' }]);
    const tries = victims.map((victim) =>
      victim.oracle.authorize({
        action: 'agent.install',
        actor: agent('worm'),
        scope: 'node',
        nodes: [victim.id],
        subject: 'worm.js',
        fingerprint: 'sha256-of-worm',
      }),
    );
    await exchange.settled(Promise.all(tries));
    await exchange.pass(300);
    const again = await exchange.settled(
      victims[0]!.oracle.authorize({
        action: 'agent.install',
        actor: agent('worm'),
        scope: 'node',
        nodes: [victims[0]!.id],
        subject: 'worm.js',
      }),
    );
    expect(again).toMatchObject({ message: expect.stringContaining('frozen') });
    // So many at once is no accident: changes are halted, and stay so until the authority's operator lifts it.
    const halted = exchange.nodes.filter(({ oracle }) => oracle.memory.bans.halt !== undefined);
    expect(halted).toHaveLength(20);
    const [root] = exchange.nodes;
    const reload = (node: TestNode) =>
      exchange.settled(
        node.oracle.authorize({
          action: 'config.reload',
          actor: { kind: 'operator', name: 'socket' },
          scope: 'node',
          nodes: [node.id],
          subject: 'node',
        }),
      );
    expect(await reload(victims[3]!)).toMatchObject({ message: expect.stringContaining('halted') });
    expect(
      await exchange.settled(
        victims[3]!.oracle.authorize({
          action: 'task.run',
          actor: { kind: 'job', id: 'j' },
          scope: 'node',
          nodes: [victims[3]!.id],
          subject: 'work',
        }),
      ),
    ).toBeUndefined();
    expect(await exchange.settled(root!.oracle.liftHalt())).toBe('network');
    await exchange.pass(200);
    expect(await reload(victims[3]!)).toBeUndefined();
  });

  it('stays frozen through a restart, and until an operator lets it go', async () => {
    const { exchange, thief, key } = await twenty();
    await exchange.settled(thief.oracle.freeze(key, 'seen'));
    await thief.oracle.stop();
    const again = exchange.add(thief.name, false, thief);
    await again.oracle.start();
    again.oracle.networkChanged();
    again.agents.set('thief', [{ ...two, scope: 'node' }]);
    const own = () => again.oracle.authorize({ ...change([again]), scope: 'node' });
    expect(await exchange.settled(own())).toMatchObject({ message: expect.stringContaining('frozen: seen') });
    await exchange.pass(100);
    expect(frozenAt(exchange, key)).toBe(20);
    expect(await exchange.settled(again.oracle.unfreeze(key))).toBe('here');
    await exchange.pass(100);
    expect(frozenAt(exchange, key)).toBe(0);
    expect(await exchange.settled(own())).toBeUndefined();
  });
});

/** An order that two honest nodes have approved. */
async function approvedOrder(exchange: Exchange, from: TestNode, targets: readonly TestNode[], token: TokenChain) {
  const at = exchange.clock.wall();
  const order = makeOrder(
    from.keys,
    {
      id: newId(),
      actor: 'agent/thief',
      account: 'agent/thief',
      action: 'config.set',
      targets: targets.map(({ id }) => id),
      subject: 'evil',
      at,
      expiresAt: at + MINUTE,
    } satisfies Omit<Order, 'network' | 'node' | 'token'>,
    token,
  );
  const ranked = rankApprovers(
    exchange.nodes.map(({ id }) => id),
    { network: 'test-network', node: from.id, epoch: epochAt(at) },
  );
  const payload = Buffer.from(JSON.stringify({ order, token, approvals: [] }));
  const answers = await exchange.settled(
    Promise.all(ranked.slice(0, 2).map((id) => from.network.request(id, APPROVE, payload))),
  );
  if (answers instanceof ParlmeshError) throw answers;
  const approvals: Signed[] = answers.map((answer) => JSON.parse(Buffer.from(answer).toString()));
  expect(approversOf(from.keys, readOrder(from.keys, order)!, approvals).size).toBe(2);
  return { order, approvals };
}

/** With the approval of an accomplice, and of nobody else. */
async function sendApproved(
  exchange: Exchange,
  from: TestNode,
  to: readonly TestNode[],
  token: TokenChain,
  accomplice: TestNode,
) {
  const at = exchange.clock.wall();
  const order = makeOrder(
    from.keys,
    {
      id: newId(),
      actor: 'agent/thief',
      account: 'agent/thief',
      action: 'config.set',
      targets: to.map(({ id }) => id),
      subject: 'evil',
      at,
      expiresAt: at + MINUTE,
    },
    token,
  );
  return send(exchange, from, to, token, {
    order,
    approvals: [makeApproval(accomplice.keys, readOrder(from.keys, order)!, at)],
  });
}

describe('What a node may hand on to its agents', () => {
  it('ends with the agent’s freedom, also for those who have not heard of the freeze', async () => {
    const { exchange, thief, victims } = await twenty();
    const forNode = given(exchange, thief, all, undefined);
    const chain = handOn(thief.keys, forNode, {
      id: newId(),
      holder: { node: thief.id, agent: 'thief' },
      capabilities: [two],
      expiresAt: exchange.clock.wall() + DAY,
    });
    thief.oracle.memory.wallet.accept(chain);
    await exchange.settled(thief.oracle.freeze(`agent/thief@${thief.id}`, 'seen'));
    await exchange.pass(100);
    for (const victim of victims) await exchange.settled(victim.oracle.unfreeze(`agent/thief@${thief.id}`));
    expect((await send(exchange, thief, [victims[0]!], chain))[0]).toContain('revoked');
  });
});
