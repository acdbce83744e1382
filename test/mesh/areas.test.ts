// Areas with the whole protocol, on virtual time: what stays inside, what is known outside, and what frames do.

import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { explainRoute } from '../../mesh/routing/planning-views.ts';
import { MemoryTransport } from '../../mesh/transport/memory.ts';
import { PeerMessageSchema } from '../../mesh/wire/generated/parlmesh_pb.ts';
import { pathBetween, VirtualMesh, type VirtualNode } from './virtual-mesh.ts';

/** attic: a1 - a2; barn: b1 - b2; cellar: c1 - c2, in a ring of areas. */
async function ring(mesh: VirtualMesh): Promise<Record<string, VirtualNode>> {
  const nodes: Record<string, VirtualNode> = {};
  const wiring: [name: string, area: string, bootstrap: string[]][] = [
    ['a1', 'attic', []],
    ['a2', 'attic', ['a1']],
    ['b1', 'barn', ['a2']],
    ['b2', 'barn', ['b1']],
    ['c1', 'main', ['b2']],
    ['c2', 'main', ['c1', 'a1']],
  ];
  for (const [name, area, others] of wiring) {
    nodes[name] = await mesh.add(name, { area, bootstrap: others.map((other) => nodes[other]!) });
  }
  return nodes;
}

const namesOf = (node: VirtualNode): string[] =>
  node.node
    .routes()
    .map(({ destinationName }) => destinationName)
    .sort();

test('every node reaches those of other areas, by name, with ping and trace', async () => {
  const mesh = new VirtualMesh();
  const nodes = await ring(mesh);
  await mesh.pass(8000);
  for (const [name, node] of Object.entries(nodes)) {
    const others = Object.keys(nodes).filter((other) => other !== name);
    expect([name, namesOf(node)]).toEqual([name, others]);
    const states = node.node.peers().map((peer) => [peer.name, peer.state]);
    expect(states.filter(([, state]) => state !== 'connected' && state !== 'reachable')).toEqual([]);
    const areas = node.node.topology().nodes.map((one) => [one.name, one.area]);
    expect(Object.fromEntries(areas)).toEqual({
      a1: 'attic',
      a2: 'attic',
      b1: 'barn',
      b2: 'barn',
      c1: 'main',
      c2: 'main',
    });
  }
  const { a1, b2 } = nodes;
  const ping = a1!.node.relay.ping(b2!.node.id);
  const trace = a1!.node.relay.trace(b2!.node.id);
  await mesh.pass(1000);
  expect(await ping).toBeGreaterThan(0);
  const { hops, reached } = await trace;
  expect(reached).toBe(true);
  expect(hops.map(({ node }) => a1!.node.nameOf(node)).at(-1)).toBe('b2');
});

test('a route to another area tells by which border it leaves, its backup, and what would change the way there', async () => {
  const mesh = new VirtualMesh();
  const { a1, b1 } = await ring(mesh);
  await mesh.pass(8000);
  const { node } = a1!;
  const beside = node.routing.routes().find(({ destination }) => destination === b1!.node.id);
  expect(beside?.exit).toBeUndefined();
  const further = node.routes().find(({ destinationName }) => destinationName === 'b2');
  expect(further?.exit?.borderName).toBe(further?.pathNames.at(-2));
  expect(further?.backup).toMatchObject({ kind: 'path', protects: 'node' });
  expect(further?.backup?.nextHop).not.toBe(further?.nextHop);
  const outside = node.routing.routes().find(({ exit }) => exit !== undefined)!;
  const { route: shown, alternatives } = explainRoute(node.routing.graph, node.id, outside, node.nameOf);
  expect(shown.reason).toMatch(/of area "(barn|main)" offers it/);
  for (const { pathNames, cost } of alternatives) {
    expect(pathNames.at(-1)).toBe(shown.destinationName);
    expect(cost).toBeGreaterThan(shown.exit!.cost);
  }
});

test('link states and summaries stay in their area, membership does not', async () => {
  const mesh = new VirtualMesh();
  const { a1, a2, b1, b2, c1, c2 } = await ring(mesh);
  await mesh.pass(20_000);
  const saidOf = (at: VirtualNode, of: VirtualNode): string[] =>
    [...at.node.gossip.states.entries()].filter(({ origin }) => origin === of.node.id).map(({ topic }) => topic);
  expect(saidOf(a1!, a2!)).toContain('link-state.attic');
  expect(saidOf(a1!, b2!)).toEqual(['membership']);
  expect(saidOf(a1!, c1!)).toEqual(['membership']);
  expect(saidOf(c1!, a2!)).toEqual(['membership']);
  expect(saidOf(a1!, b1!)).toContain('gateway.attic');
  expect(saidOf(a1!, b1!)).not.toContain('link-state.barn');
  expect(saidOf(c1!, c2!)).toContain('link-state');
  // It is not even sent there.
  expect(a2!.node.counters().drops['other-area']).toBe(0);
  expect(a1!.node.gossip.states.commonFingerprint.root).toBe(b2!.node.gossip.states.commonFingerprint.root);
});

test('what reached an area through a border that died leaves it when the area knows, and goes through another', async () => {
  const mesh = new VirtualMesh();
  const { a1, a2, b1, b2, c1, c2 } = await ring(mesh);
  await mesh.pass(8000);
  mesh.medium.node(b1!.node.id)?.kill();
  await mesh.pass(8000);
  const path = a2!.node.routes().find(({ destination }) => destination === b2!.node.id);
  expect(path?.pathNames.slice(0, 2)).toEqual(['a1', 'c2']);
  const ping = a2!.node.relay.ping(b2!.node.id);
  await mesh.pass(1000);
  expect(await ping).toBeGreaterThan(0);
  mesh.medium.node(c1!.node.id)?.kill();
  await mesh.pass(8000);
  expect(namesOf(a1!)).toEqual(['a2', 'c2']);
  expect(c2!.node.peers().find(({ name }) => name === 'b2')?.state).not.toBe('reachable');
});

test('an area that is cut in two is joined again over others, and by itself when it heals', async () => {
  const mesh = new VirtualMesh();
  const { a1, a2, b1 } = await ring(mesh);
  await mesh.pass(8000);
  mesh.medium.cut(a1!.node.id, a2!.node.id);
  await mesh.pass(10_000);
  const around = a1!.node.routes().find(({ destination }) => destination === a2!.node.id);
  expect(around?.nextHopName).toBe('c2');
  const ping = a1!.node.relay.ping(a2!.node.id);
  await mesh.pass(2000);
  expect(await ping).toBeGreaterThan(0);
  mesh.medium.mend(a1!.node.id, a2!.node.id);
  await mesh.pass(40_000);
  const direct = a1!.node.routes().find(({ destination }) => destination === a2!.node.id);
  expect(direct?.pathNames).toEqual(['a2']);
  expect(namesOf(a1!)).toHaveLength(5);
  expect(namesOf(b1!)).toHaveLength(5);
});

test('what borders say to each other is heard when the flood loses it, for a new link and for an old one', async () => {
  const mesh = new VirtualMesh();
  const middle = await mesh.add('middle', { area: 'middle' });
  const west = await mesh.add('west', { area: 'west', bootstrap: [middle] });
  await mesh.pass(8000);
  mesh.medium.hush(true);
  const east = await mesh.add('east', { area: 'east', bootstrap: [middle] });
  await mesh.pass(3000);
  expect(pathBetween(west, east)).toEqual(['middle', 'east']);
  expect(pathBetween(east, west)).toEqual(['middle', 'west']);
});

test('what a border did not hear from the one beside it is found by comparing, long before it is said again', async () => {
  const mesh = new VirtualMesh();
  let isDeaf = false;
  const swallows = (bytes: Uint8Array): boolean =>
    isDeaf && fromBinary(PeerMessageSchema, bytes).kind.case === 'frames';
  const middle = await mesh.add('middle', { area: 'middle' });
  const west = await mesh.add('west', {
    area: 'west',
    bootstrap: [middle],
    transports: ({ id }) => [new MemoryTransport(id, mesh.medium, { swallows })],
  });
  await mesh.pass(8000);
  isDeaf = true;
  const east = await mesh.add('east', { area: 'east', bootstrap: [middle] });
  await mesh.pass(8000);
  expect(pathBetween(east, west)).toEqual(['middle', 'west']);
  expect(pathBetween(west, east)).toBeUndefined();
  isDeaf = false;
  await mesh.pass(5000);
  expect(pathBetween(west, east)).toEqual(['middle', 'east']);
});
