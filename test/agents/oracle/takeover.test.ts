import { describe, expect, it } from 'vitest';
import type { AgentCapabilities, Capability } from '../../../agents/capabilities.ts';
import { epochAt, rankApprovers } from '../../../agents/oracle/approvers.ts';
import { verifyAudit } from '../../../agents/oracle/audit-chain.ts';
import type { Signed } from '../../../agents/oracle/keys.ts';
import { APPROVE, CARRY_OUT } from '../../../agents/oracle/messages.ts';
import { approversOf, makeApproval, makeOrder, type Order, readOrder } from '../../../agents/oracle/order.ts';
import { handOn, issueToken, type TokenChain } from '../../../agents/oracle/token.ts';
import { newId } from '../../../agents/oracle/wallet.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import { agent, Exchange, type TestNode } from './exchange.ts';

const DAY = 24 * 3_600_000;
const MINUTE = 60_000;
const two: Capability = { action: 'config.set', scope: 'network', mostNodes: 2, largestShare: 0.1, approvals: 0 };
const all: Capability = { ...two, mostNodes: 20, largestShare: 1 };

/** The authority's node gives an agent of another node a right on the network. */
function given(
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

const reconfigured = (exchange: Exchange, subject = 'evil'): number =>
  exchange.nodes.filter(({ done }) => done.includes(subject)).length;
const frozenAt = (exchange: Exchange, key: string): number =>
  exchange.nodes.filter(({ oracle }) => oracle.memory.bans.frozen(key) !== undefined).length;

const change = (nodes: readonly TestNode[], subject = 'evil', fingerprint?: string) => ({
  action: 'config.set',
  actor: agent('thief'),
  scope: 'network' as const,
  nodes: nodes.map(({ id }) => id),
  subject,
  ...(fingerprint !== undefined && { fingerprint }),
});

/** A node whose own oracle is out of the way: it signs and sends what it likes. */
async function send(
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

async function twenty() {
  const exchange = await new Exchange(20).start();
  const thief = exchange.nodes[7]!;
  const victims = exchange.nodes.filter((node) => node !== thief && node !== exchange.nodes[0]).slice(0, 10);
  return { exchange, thief, victims, key: `agent/thief@${thief.id}` };
}

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
