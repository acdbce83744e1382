import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryTransport } from '../../../mesh/transport/memory.ts';
import type { PeerTransport } from '../../../mesh/transport/transport.ts';
import { PeerMessageSchema, type RelayFrame } from '../../../mesh/wire/generated/parlmesh_pb.ts';
import { pathBetween, VirtualMesh, type VirtualNode } from '../virtual-mesh.ts';

const nodes: VirtualNode[] = [];
let mesh: VirtualMesh;

afterEach(async () => {
  const stopped = Promise.all(nodes.splice(0).map(({ node }) => node.stop()));
  await mesh.pass(500);
  await stopped;
});

/** Sends what the node itself has to say; of frames on their way to others only what `passes` lets through. */
function withholding(memory: MemoryTransport, passes: (frame: RelayFrame) => boolean): PeerTransport {
  const send = memory.send.bind(memory);
  memory.send = (peer, bytes) => {
    const { kind } = fromBinary(PeerMessageSchema, bytes);
    return kind.case === 'relay' && kind.value.origin !== memory.id && !passes(kind.value) ? true : send(peer, bytes);
  };
  return memory;
}

interface Square {
  a: VirtualNode;
  bad: VirtualNode;
  good: VirtualNode;
  far: VirtualNode;
}

/** a–bad–far and a–good–far, the first a little shorter, so that it is in use. */
async function square(passes: (frame: RelayFrame) => boolean, options: { loss?: number } = {}): Promise<Square> {
  mesh = new VirtualMesh({ seed: 3, delay: 2 });
  const add = async (name: string, ...parts: Parameters<VirtualMesh['add']>[1][]): Promise<VirtualNode> => {
    const one = await mesh.add(name, ...parts);
    nodes.push(one);
    return one;
  };
  const a = await add('a');
  const bad = await add('bad', { bootstrap: [a], transports: (memory) => [withholding(memory, passes)] });
  const good = await add('good', { bootstrap: [a] });
  const far = await add('far', { bootstrap: [bad, good] });
  mesh.medium.shape(a.node.id, good.node.id, { delay: 12 });
  await mesh.pass(6000);
  expect(pathBetween(a, far)).toEqual(['bad', 'far']);
  const { loss } = options;
  if (loss !== undefined) {
    for (const [one, other] of [
      [a, bad],
      [a, good],
      [bad, far],
      [good, far],
    ] as const) {
      mesh.medium.shape(one.node.id, other.node.id, { loss });
    }
  }
  return { a, bad, good, far };
}

/** Asks once a second whether it is answered or not, and notes it. */
function pinging({ a, far }: Square): { answered: boolean[] } {
  const noted: { answered: boolean[] } = { answered: [] };
  mesh.clock.every(1000, () => {
    a.node.relay.ping(far.node.id, 900).then(
      () => noted.answered.push(true),
      () => noted.answered.push(false),
    );
  });
  return noted;
}

const kinds = ({ journal }: VirtualNode): string[] => journal.map(({ kind }) => kind);

describe('A member that passes on nothing', () => {
  it('is found out, avoided and named, and trusted again when it forwards', { timeout: 60_000 }, async () => {
    let isGood = false;
    const network = await square(() => isGood);
    const { a, bad, far } = network;
    const noted = pinging(network);
    await mesh.pass(80_000);
    expect(pathBetween(a, far)).toEqual(['good', 'far']);
    expect(a.node.peers().find(({ id }) => id === bad.node.id)).toMatchObject({ withholds: true });
    expect(a.node.counters().transit.avoided).toBe(1);
    const [entry] = a.journal.filter(({ kind }) => kind === 'peer.withholds');
    expect(entry).toMatchObject({ severity: 'warning', subject: `peer/${bad.node.id}` });
    expect(entry?.message).toContain('bad does not forward: far answers around it');
    // It can be reached itself all the same, and what was lost before comes through now.
    expect(pathBetween(a, bad)).toBeDefined();
    expect(noted.answered.slice(-10)).toEqual(Array.from({ length: 10 }, () => true));
    isGood = true;
    await mesh.pass(200_000);
    expect(kinds(a)).toContain('peer.forwards');
    expect(pathBetween(a, far)).toEqual(['bad', 'far']);
    expect(a.node.peers().find(({ id }) => id === bad.node.id)?.withholds).toBeUndefined();
  });

  it('is found out within 40 seconds from the beginning of traffic, at a few small frames a minute before', async () => {
    const network = await square(() => false);
    pinging(network);
    await mesh.pass(40_000);
    expect(kinds(network.a)).toContain('peer.withholds');
  });

  it('is found out when it withholds only what goes between two nodes', async () => {
    const network = await square(
      ({ origin, destination }) => destination !== nodes[3]?.node.id && origin !== nodes[3]?.node.id,
    );
    pinging(network);
    await mesh.pass(60_000);
    expect(kinds(network.a)).toContain('peer.withholds');
    expect(pathBetween(network.a, network.far)).toEqual(['good', 'far']);
  });
});

describe('An honest member', () => {
  it('is not accused when its link to the far node is silently cut, when that node is gone, nor when a twentieth is lost on every hop', {
    timeout: 120_000,
  }, async () => {
    const network = await square(() => true, { loss: 0.05 });
    const { a, bad, far } = network;
    pinging(network);
    await mesh.pass(120_000);
    mesh.medium.cut(bad.node.id, far.node.id);
    await mesh.pass(30_000);
    mesh.medium.mend(bad.node.id, far.node.id);
    await mesh.pass(30_000);
    mesh.medium.cut(nodes[2]!.node.id, far.node.id);
    mesh.medium.cut(bad.node.id, far.node.id);
    await mesh.pass(60_000);
    for (const one of nodes) expect(one.journal.filter(({ kind }) => kind === 'peer.withholds')).toEqual([]);
    expect(a.node.counters().transit.avoided).toBe(0);
  });

  it('is not accused when it hangs for twelve seconds of every minute', { timeout: 60_000 }, async () => {
    const network = await square(() => mesh.clock.now() % 60_000 > 12_000);
    pinging(network);
    await mesh.pass(300_000);
    for (const { journal } of nodes) expect(journal.map(({ kind }) => kind)).not.toContain('peer.withholds');
    expect(network.a.node.counters().transit.unanswered).toBeGreaterThan(5);
  });

  it('is probed three times a minute while a way through it is in use, and never while none is', async () => {
    const network = await square(() => true);
    const { a } = network;
    const sum = (): number => {
      const { answered, unanswered } = a.node.counters().transit;
      return answered + unanswered;
    };
    await mesh.pass(120_000);
    expect(sum()).toBe(0);
    pinging(network);
    await mesh.pass(120_000);
    expect(sum()).toBeGreaterThanOrEqual(5);
    expect(sum()).toBeLessThanOrEqual(7);
  });
});
