// Real libp2p nodes on loopback: invited by token, routing, healing, refusing strangers.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { issueCertificate } from '../../mesh/membership/certificate.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { type DocumentName, MemoryState } from '../../mesh/membership/state.ts';
import { decodeToken, encodeToken } from '../../mesh/membership/token.ts';
import { pathFrom, type RealNode, realNode, started, stopAll } from './real-nodes.ts';

const soon = { timeout: 15_000, interval: 20 };

async function invited(inviter: RealNode, name: string): Promise<RealNode> {
  const node = await started(realNode(name));
  const { token } = await inviter.mesh.createInvite({ expiresIn: 60_000 });
  await node.mesh.joinNetwork(token);
  return node;
}

/** Cannot be read once when a network is entered, while `failing`. */
class MovingState extends MemoryState {
  failing = false;

  override async read(name: DocumentName): Promise<unknown> {
    const fails = this.failing && name === 'sequence';
    if (!fails) return super.read(name);
    this.failing = false;
    throw new Error('the disk is gone');
  }
}

/** a–b–c: a and c know b only. */
async function line(): Promise<{ a: RealNode; b: RealNode; c: RealNode }> {
  const b = await started(realNode('b'));
  const a = await invited(b, 'a');
  const c = await invited(b, 'c');
  await vi.waitFor(() => {
    expect(pathFrom(a, c)).toEqual(['b', 'c']);
    expect(pathFrom(c, a)).toEqual(['b', 'a']);
  }, soon);
  return { a, b, c };
}

afterEach(stopAll);

describe('a mesh of real nodes', () => {
  it('forms routes over the middle of a line, and loses them when the middle is gone', async () => {
    const { a, b, c } = await line();
    expect(pathFrom(a, b)).toEqual(['b']);
    expect(a.mesh.network()).toMatchObject({ name: 'b', holdsAuthority: false });
    await vi.waitFor(() => {
      expect(a.mesh.peers().map(({ name, state }) => [name, state])).toEqual([
        ['b', 'connected'],
        ['c', 'reachable'],
      ]);
    }, soon);
    expect(
      b.mesh
        .members()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'b', 'c']);
    await b.mesh.stop();
    await vi.waitFor(() => expect([a.mesh.routes(), c.mesh.routes()]).toEqual([[], []]), soon);
    expect(a.journal.map(({ message }) => message)).toContain('b is no longer connected: it was stopped');
    expect(a.mesh.peers().map(({ state }) => state)).toEqual(['stopped', 'gone']);
  });

  it('tells scores and summaries to everybody, also two hops away', async () => {
    const { a, c } = await line();
    const scores: (number | undefined)[] = [];
    c.mesh.on('peer', ({ id, score }) => {
      if (id === a.mesh.id) scores.push(score);
    });
    a.mesh.setScore(0.8);
    await vi.waitFor(() => expect(scores).toContain(0.8), soon);
    expect(c.mesh.topology().nodes.find(({ id }) => id === a.mesh.id)).toMatchObject({
      name: 'a',
      score: 0.8,
      profile: 'generic-x64',
    });
  });

  it('finds its peers again after a restart, from what it remembers', async () => {
    const b = await started(realNode('b'));
    const a = await invited(b, 'a');
    await vi.waitFor(() => expect(pathFrom(a, b)).toEqual(['b']), soon);
    await a.mesh.stop();
    const again = await started(realNode('a', { key: a.key, state: a.state }));
    await vi.waitFor(() => expect(pathFrom(again, b)).toEqual(['b']), soon);
    await vi.waitFor(() => expect(pathFrom(b, again)).toEqual(['a']), soon);
  });

  it('carries topics of other rooms, through a change of network too', async () => {
    const { Type } = await import('typebox');
    const topic = {
      name: 'greeting',
      kind: 'event',
      schema: Type.Object({ text: Type.String() }),
      lifetime: 60_000,
    } as const;
    const b = await started(realNode('b'));
    const node = realNode('a');
    const heard: string[] = [];
    node.mesh.subscribe(topic, { message: ({ payload }) => heard.push(payload.text) });
    await started(node);
    await node.mesh.joinNetwork((await b.mesh.createInvite({ expiresIn: 60_000 })).token);
    await vi.waitFor(() => {
      b.mesh.publish(topic, { text: 'hello' });
      expect(heard).toContain('hello');
    }, soon);
  });
});

describe('joining', () => {
  const code = (expected: string) => expect.objectContaining({ code: expected, hint: expect.anything() });

  it('works once a token', async () => {
    const b = await started(realNode('b'));
    const { token } = await b.mesh.createInvite({ expiresIn: 60_000, name: 'attic' });
    const first = await started(realNode('first'));
    const networks: string[] = [];
    first.mesh.on('network', ({ name }) => networks.push(name));
    await first.mesh.joinNetwork(token);
    expect(networks).toEqual(['b']);
    expect(b.mesh.members().map(({ name }) => name)).toContain('attic');
    const second = await started(realNode('second'));
    await expect(second.mesh.joinNetwork(token)).rejects.toEqual(code('ENROL_USED'));
    expect(second.mesh.network()).toMatchObject({ name: 'second', holdsAuthority: true });
    expect(b.journal.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['mesh.invite', 'mesh.member', 'mesh.enrol-refused']),
    );
  });

  it('works after the inviter was restarted', async () => {
    const b = realNode('b', { config: { enrolPort: 0 } });
    await started(b);
    const { token } = await b.mesh.createInvite({ expiresIn: 60_000 });
    await b.mesh.stop();
    const again = await started(realNode('b', { key: b.key, state: b.state }));
    const node = await started(realNode('node'));
    await expect(node.mesh.joinNetwork(token)).resolves.toMatchObject({ name: 'b' });
    await vi.waitFor(() => expect(pathFrom(node, again)).toEqual(['b']), soon);
  });

  it('is refused with a token that is expired, unknown, of another network, or of nobody', async () => {
    const b = await started(realNode('b'));
    const node = await started(realNode('node'));
    const { token } = await b.mesh.createInvite({ expiresIn: 60_000 });
    const good = decodeToken(token);
    const join = (change: Partial<typeof good>): Promise<unknown> =>
      node.mesh.joinNetwork(encodeToken({ ...good, ...change }));
    await expect(join({ expiresAt: 1 })).rejects.toEqual(code('ENROL_EXPIRED'));
    await expect(join({ secret: Buffer.alloc(16) })).rejects.toEqual(code('ENROL_WRONG'));
    await expect(join({ network: { id: 'ffffffffffffffff', name: 'x' } })).rejects.toEqual(code('ENROL_OTHER_NETWORK'));
    const nobody = `/ip4/127.0.0.1/tcp/1/p2p/${SigningKey.generate().nodeId}`;
    await expect(join({ addresses: [nobody] })).rejects.toEqual(code('ENROL_UNREACHABLE'));
    await expect(join({ authority: SigningKey.generate().publicKey.raw })).rejects.toEqual(code('ENROL_FORGED'));
    await expect(node.mesh.joinNetwork('nonsense')).rejects.toEqual(code('TOKEN_INVALID'));
    expect(node.mesh.network()?.name).toBe('node');
  });

  it('goes back to the network it was in when the new one cannot be entered, and says why', async () => {
    const b = await started(realNode('b'));
    const c = await invited(b, 'c');
    const state = new MovingState();
    const node = await started(realNode('node', { state }));
    await node.mesh.joinNetwork((await b.mesh.createInvite({ expiresIn: 60_000 })).token);
    const other = await started(realNode('other'));
    const { token } = await other.mesh.createInvite({ expiresIn: 60_000 });
    state.failing = true;
    await expect(node.mesh.joinNetwork(token)).rejects.toThrow('the disk is gone');
    expect(node.mesh.network()?.name).toBe('b');
    expect(await state.read('credentials')).toMatchObject({ network: { name: 'b' } });
    await vi.waitFor(() => expect(pathFrom(node, c)).toBeDefined(), soon);
    await expect(node.mesh.joinNetwork(token)).resolves.toMatchObject({ name: 'other' });
  });

  it('is not offered by a node without the authority', async () => {
    const b = await started(realNode('b'));
    const a = await invited(b, 'a');
    await expect(a.mesh.createInvite({ expiresIn: 60_000 })).rejects.toEqual(code('NETWORK_NO_AUTHORITY'));
    await expect(a.mesh.revoke(b.mesh.id)).rejects.toEqual(code('NETWORK_NO_AUTHORITY'));
  });
});

describe('strangers', () => {
  it('with another network key get no further than the handshake, and are counted', async () => {
    const b = await started(realNode('b'));
    await started(realNode('stranger', { config: { bootstrap: b.mesh.addresses() } }));
    await vi.waitFor(() => expect(b.mesh.counters()?.strangers['no-handshake']).toBeGreaterThan(0), soon);
    expect(b.mesh.peers()).toEqual([]);
    expect(b.journal.map(({ kind }) => kind)).toContain('mesh.strangers');
  });

  it('who have the network key but a certificate of their own making are refused, counted and remembered', async () => {
    const b = await started(realNode('b'));
    const stored = await b.state.read('credentials');
    const key = SigningKey.generate();
    const forger = SigningKey.generate();
    const network = b.mesh.network()!;
    const certificate = issueCertificate(forger, {
      network: network.id,
      node: key.publicKey,
      name: 'forged',
      issuedAt: Date.now(),
      expiresAt: Date.now() + 3600_000,
      serial: '1',
    });
    const state = new MemoryState();
    const { authorityPrivateKey: _, ...shared } = stored as Record<string, unknown>;
    await state.write('credentials', {
      ...shared,
      authorityPublicKey: Buffer.from(forger.publicKey.raw).toString('base64'),
      certificate: Buffer.from(certificate).toString('base64'),
    });
    await started(realNode('forged', { key, state, config: { bootstrap: b.mesh.addresses() } }));
    await vi.waitFor(() => expect(b.mesh.counters()?.strangers.forged).toBe(1), soon);
    expect(b.mesh.peers()).toEqual([]);
    expect(b.mesh.routes()).toEqual([]);
  });
});

describe('an address to begin with', () => {
  it('that leads nowhere or to another network is told once, with the cause, until it works', async () => {
    const foreign = await started(realNode('foreign'));
    const b = await started(realNode('b'));
    const joined = await invited(b, 'node');
    await joined.mesh.stop();
    await joined.state.write('peers', { format: 1, peers: [] });
    const bare = foreign.mesh.addresses()[0]!.replace(/\/p2p\/.*/, '');
    const bootstrap = ['/ip4/127.0.0.1/tcp/1', bare, ...b.mesh.addresses()];
    const again = realNode('node', { key: joined.key, state: joined.state, config: { bootstrap } });
    await started(again);
    const told = (): string[] =>
      again.journal.filter(({ kind }) => kind.startsWith('mesh.bootstrap')).map(({ message }) => message);
    // A handshake with another network's node fails by silence: three of them take a while.
    await vi.waitFor(() => expect(told()).toHaveLength(2), { ...soon, timeout: 40_000 });
    const [refused, foreignNetwork] = told().sort();
    expect(refused).toMatch(
      /^The address \/ip4\/127\.0\.0\.1\/tcp\/1 of mesh\.bootstrap leads nowhere: .*ECONNREFUSED/,
    );
    expect(foreignNetwork).toMatch(/of mesh\.bootstrap leads nowhere: refused: it belongs to another network/);
  }, 60_000);
});

describe('a mesh that cannot start as it was told', () => {
  it('says why when somebody chose a port that is taken, and can be started again', async () => {
    const first = await started(realNode('first'));
    const port = /\/tcp\/(\d+)/.exec(first.mesh.addresses()[0]!)?.[1];
    const second = realNode('second', { config: { listen: [`/ip4/127.0.0.1/tcp/${port}`] } });
    await expect(started(second)).rejects.toMatchObject({ code: 'MESH_LISTEN_FAILED' });
    await first.mesh.stop();
    await started(second);
    expect(second.mesh.addresses()[0]).toContain(`/tcp/${port}/`);
  });

  it('takes any free port when the default one is taken', async () => {
    const first = await started(realNode('first'));
    const port = /\/tcp\/(\d+)/.exec(first.mesh.addresses()[0]!)?.[1];
    const config = { listen: [`/ip4/127.0.0.1/tcp/${port}`] };
    const second = await started(realNode('second', { config, listenIsExplicit: false }));
    expect(second.mesh.addresses()[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\//);
    expect(second.mesh.addresses()[0]).not.toContain(`/tcp/${port}/`);
  });

  it('says which document is broken', async () => {
    const state = new MemoryState();
    await state.write('credentials', { format: 2 });
    await expect(started(realNode('node', { state }))).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });
});
