import { afterEach, describe, expect, it } from 'vitest';
import type { SigningKey } from '../../../mesh/membership/keys.ts';
import { type PlanSettings, TrafficEngineering } from '../../../mesh/routing/traffic-engineering.ts';
import { VirtualMesh, type VirtualNode } from '../virtual-mesh.ts';

interface Engineered extends VirtualNode {
  engineering: TrafficEngineering;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function add(
  mesh: VirtualMesh,
  name: string,
  {
    apply = 'asked',
    bootstrap = [],
    authorityKey,
  }: { apply?: PlanSettings['apply']; bootstrap?: VirtualNode[]; authorityKey?: SigningKey | undefined } = {},
): Promise<Engineered> {
  let engineering: TrafficEngineering | undefined;
  const added = await mesh.add(name, {
    bootstrap,
    hooks: {
      relayed: (neighbour, frame) => engineering?.carried(neighbour, frame),
      weighed: (links) => engineering?.weighed(links) ?? [...links],
    },
  });
  const { node, journal } = added;
  engineering = new TrafficEngineering(
    {
      ...{ self: node.id, clock: mesh.clock, threads: 1, settings: { apply }, authorityKey },
      journal: { record: (entry) => journal.push(entry) },
      network: { id: mesh.founded.network.id, authority: mesh.founded.authority },
    },
    {
      ...{ gossip: node.gossip, routing: node.routing, nameOf: node.nameOf },
      drop: (reason) => node.drops.add(reason),
      lost: () => node.relay.counters().drops.queue,
    },
  );
  engineering.start();
  stops.push(() => engineering.stop());
  return { ...added, engineering };
}

/** A ring of four; a sends to c over b or d, and that one sends to c as well. */
async function crowdedRing(apply: PlanSettings['apply'] = 'asked') {
  const mesh = new VirtualMesh();
  const a = await add(mesh, 'a', { apply, authorityKey: mesh.founded.authorityKey });
  const b = await add(mesh, 'b', { apply, bootstrap: [a] });
  const c = await add(mesh, 'c', { apply, bootstrap: [b] });
  const d = await add(mesh, 'd', { apply, bootstrap: [a, c] });
  await mesh.pass(5000);
  const over = firstHop(a, c);
  const [busy, idle] = over === b.node.id ? [b, d] : [d, b];
  return {
    mesh,
    ...{ a, b, c, d, busy, idle },
    crowd: [
      [a, c],
      [busy, c],
    ] satisfies Flow[],
  };
}

const firstHop = (from: VirtualNode, to: VirtualNode): string | undefined =>
  from.node.routes().find(({ destination }) => destination === to.node.id)?.nextHop;

type Flow = readonly [from: VirtualNode, to: VirtualNode];

/** 40 kB a second over each flow. @param ms milliseconds */
async function send(mesh: VirtualMesh, flows: readonly Flow[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    for (const [from, to] of flows) void from.node.relay.send(to.node.id, 'ping', new Uint8Array(40_000));
    for (let step = 0; step < 4; step++) {
      mesh.clock.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What all nodes wrote into their journals. */
const told = (...nodes: VirtualNode[]): string[] =>
  nodes.flatMap(({ journal }) => journal.map(({ message }) => message));

/** Links of the network that a plan makes dearer, as a node knows it. */
function weighed({ node, engineering }: Engineered): number {
  const { graph } = node.routing;
  const measured = engineering.reports.measuredGraph(graph).costs;
  return graph.costs.filter((cost, arc) => cost !== measured[arc]).length;
}

describe('Traffic engineering', () => {
  it('plans on what the nodes measured, everywhere the same', async () => {
    const { mesh, a, c, busy, idle, crowd } = await crowdedRing();
    expect(await idle.engineering.plan()).toMatchObject({ traffic: 'uniform' });
    await send(mesh, crowd, 90_000);
    for (const { engineering } of [a, c, idle]) {
      const { traffic, busiest, weights } = await engineering.plan();
      expect(traffic).toBe('measured');
      expect([busiest[0]!.a, busiest[0]!.b].sort()).toEqual([busy.node.id, c.node.id].sort());
      expect(busiest[0]!.load).toBeGreaterThan(60_000);
      expect(busiest[0]!.load).toBeLessThan(100_000);
      expect(weights.improved / weights.maximum).toBeLessThan(0.6);
      expect(weights.moved.pairs).toBe(1);
    }
    const graph = idle.node.routing.graph;
    const carried = Math.max(...idle.engineering.reports.carried(graph));
    expect(carried).toBeGreaterThan(60_000);
  });

  it('puts a plan into force step by step, so that the traffic spreads, and takes it back when asked', async () => {
    const { mesh, a, b, c, d, busy, idle, crowd } = await crowdedRing();
    await send(mesh, crowd, 90_000);
    await a.engineering.apply();
    expect(a.engineering.steering).toMatchObject({ kind: 'stepping', step: 1 });
    await send(mesh, crowd, 400_000);
    expect(a.engineering.steering).toMatchObject({ kind: 'holding' });
    expect(firstHop(a, c)).toBe(idle.node.id);
    const busiest = Math.max(...c.engineering.reports.carried(c.node.routing.graph));
    expect(busiest).toBeLessThan(60_000);
    // The plan goes on from the costs as they are measured.
    expect((await c.engineering.plan()).weights.moved.pairs).toBe(1);
    a.engineering.undo();
    await mesh.pass(2000);
    expect(firstHop(a, c)).toBe(busy.node.id);
    expect(told(a, b, c, d)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^The plan is put into force in 4 steps: .* off the busiest link \(asked for\)$/),
        expect.stringMatching(/^By the plan of the network, links cost more than measured: [a-d] × /),
        'The plan is wholly in force',
        'The plan is taken back: asked for',
        'The links cost what is measured again',
      ]),
    );
  });

  it('takes a plan back by itself when the busiest link gets worse', async () => {
    const { mesh, a, b, c, d, idle, crowd } = await crowdedRing();
    const others: Flow[] = [
      [idle, a],
      [c, idle],
    ];
    await send(mesh, [...crowd, ...others], 90_000);
    await a.engineering.apply();
    // All goes to one now: over the links to which the plan moves traffic.
    await send(mesh, [[idle, c]], 290_000);
    expect(a.engineering.steering).toMatchObject({ kind: 'idle' });
    expect(told(a)).toContainEqual(
      expect.stringMatching(/^The plan is taken back: the busiest link carries \d+ % more of all traffic than before$/),
    );
    for (const one of [a, b, c, d]) expect(weighed(one)).toBe(0);
  });

  it('leaves links at what is measured where it is off, and says where plans are put into force', async () => {
    const { a, b } = await crowdedRing('off');
    await expect(a.engineering.apply()).rejects.toMatchObject({
      code: 'PLAN_NOT_HERE',
      message: expect.stringContaining('off'),
    });
    expect(() => b.engineering.undo()).toThrow(expect.objectContaining({ code: 'PLAN_NOT_HERE' }));
  });
});
