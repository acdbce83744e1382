// Whole elections: real services on virtual time, a simulated network in between.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE, Village, type VillageOptions } from './village.ts';

/** Longest that a part may be without a coordinator: lease, five candidates that do not act, and the gossip in between. */
const FOUND_WITHIN = LEASE + (7 * LEASE) / 5 + 3000;
/** Longest that two of one part may both think they have the seat: a beat and its way, some of them lost. */
const ONE_WITHIN = LEASE;

const inLine = (node: number): [number, number] => [node * 10, 0];
const start = async (options: VillageOptions): Promise<Village> => {
  const village = new Village(options);
  await village.startAll();
  await village.pass(FOUND_WITHIN);
  return village;
};

describe('electing a coordinator', () => {
  it('gives the seat to the centre of the network, and everybody agrees', async () => {
    const village = await start({ nodes: 5, place: inLine });
    expect(village.holders()).toEqual(['n2']);
    const others = village.alive().filter(({ id }) => id !== 'n2');
    for (const { election } of others) expect(election.current()).toEqual({ node: 'n2', term: 1 });
  });

  it('prefers a board on mains that has been up for long to a central one on battery', async () => {
    const village = await start({ nodes: 5, place: inLine, stability: (node) => (node === 1 ? 1 : 0) });
    expect(village.holders()).toEqual(['n1']);
  });

  it('finds another within a second of settling when the mesh says that the coordinator is gone', async () => {
    const village = await start({ nodes: 5, place: inLine });
    village.kill('n2');
    await village.pass(LEASE / 5 + 1500);
    expect(village.holders()).toEqual(['n1']);
    expect(village.seats()).toContainEqual({ kind: 'other', node: 'n1', term: 2 });
  });

  it('lets a coordinator that was away for a moment go on', async () => {
    const village = await start({ nodes: 5, place: inLine });
    village.networks.separate(new Map([['n2', 1]]));
    await village.pass(1000);
    // On a busy radio routes are lost for moments: nobody is left without a coordinator for that.
    expect(village.villagers.get('n0')!.election.current()).toEqual({ node: 'n2', term: 1 });
    village.networks.separate(new Map());
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toEqual(['n2']);
    expect(village.villagers.get('n0')!.election.current()).toEqual({ node: 'n2', term: 1 });
  });

  it('gives a restarted coordinator its seat back in a later term when nobody has taken it', async () => {
    const village = await start({ nodes: 3, place: inLine });
    village.kill('n1');
    await village.start('n1');
    await village.pass(LEASE);
    expect(village.holders()).toEqual(['n1']);
    expect(village.villagers.get('n0')!.election.current()).toEqual({ node: 'n1', term: 2 });
  });

  it('does not let a restarted coordinator back into a seat that another has taken', async () => {
    const village = await start({ nodes: 3, place: inLine });
    village.kill('n1');
    await village.pass(FOUND_WITHIN);
    const [holder] = village.holders();
    await village.start('n1');
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toEqual([holder]);
    expect(village.villagers.get('n1')!.election.current()).toEqual({ node: holder, term: 2 });
  });

  it('does not claim a term that it could not write down', async () => {
    const village = new Village({ nodes: 1 });
    const { disk, election } = await village.start('n0');
    disk.fails = true;
    await village.pass(2 * LEASE);
    expect(election.seat).toEqual({ kind: 'none' });
    disk.fails = false;
    await village.pass(LEASE);
    expect(election.seat.kind).toBe('self');
    expect(disk.document).toMatchObject({ held: true, term: election.current()?.term });
  });

  it('hands the seat over at once when the coordinator stops in order', async () => {
    const village = await start({ nodes: 5, place: inLine });
    await village.villagers.get('n2')!.election.stop();
    await village.pass(1500);
    expect(village.holders()).toEqual(['n1']);
  });

  it('gives the seat to the appointed node whenever it is there, and to a stand-in while it is not', async () => {
    const village = await start({ nodes: 5, place: inLine, coordinator: 'n0' });
    expect(village.holders()).toEqual(['n0']);
    village.kill('n0');
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toEqual(['n2']);
    await village.start('n0');
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toEqual(['n0']);
    expect(village.seats()).toContainEqual({ kind: 'other', node: 'n0', term: 3 });
  });

  it('keeps a coordinator in each part while the network is cut, and one after it', async () => {
    const village = await start({ nodes: 6, place: inLine });
    village.networks.separate(new Map(['n0', 'n1', 'n2'].map((id) => [id, 1])));
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toHaveLength(2);
    village.networks.separate(new Map());
    await village.pass(ONE_WITHIN);
    expect(village.holders()).toHaveLength(1);
    const outranked = [...village.villagers.values()].flatMap(({ changes }) =>
      changes.filter(({ reason }) => reason === 'outranked'),
    );
    expect(outranked.map(({ seat }) => seat.kind)).toEqual(['other']);
  });

  it('moves the seat only when another has long been clearly nearer', async () => {
    // The centre of nine is far from the three that are there at first.
    const village = new Village({ nodes: 9, place: (node) => [node < 3 ? node : 100 + node, 0] });
    for (const id of ['n0', 'n1', 'n2']) await village.start(id);
    await village.pass(FOUND_WITHIN);
    expect(village.holders()).toEqual(['n1']);
    for (let node = 3; node < 9; node++) await village.start(`n${node}`);
    await village.pass(15 * LEASE);
    expect(village.holders()).toEqual(['n1']);
    await village.pass(10 * LEASE);
    expect(village.holders()).toEqual(['n4']);
    expect(village.villagers.get('n1')!.changes.map(({ reason }) => reason)).toContain('moved');
  });

  it('does not move for round trips that jitter by half', async () => {
    const village = await start({ nodes: 12, seed: 7, jitter: 0.5 });
    const before = village.alive().map(({ changes }) => changes.length);
    await village.pass(100 * LEASE, undefined, 1000);
    expect(village.alive().map(({ changes }) => changes.length)).toEqual(before);
  });
});

describe('whatever breaks', () => {
  type Blow = { kind: 'kill' | 'restart'; node: number } | { kind: 'separate'; parts: number[] } | { kind: 'heal' };
  const NODES = 6;
  const nodeNumber = fc.integer({ min: 0, max: NODES - 1 });
  const blow: fc.Arbitrary<Blow> = fc.oneof(
    fc.record({ kind: fc.constantFrom('kill' as const, 'restart' as const), node: nodeNumber }),
    fc.record({
      kind: fc.constant('separate' as const),
      parts: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: NODES, maxLength: NODES }),
    }),
    fc.record({ kind: fc.constant('heal' as const) }),
  );

  const suffer = async (village: Village, happening: Blow): Promise<void> => {
    if (happening.kind === 'separate') {
      village.networks.separate(new Map(happening.parts.map((part, node) => [`n${node}`, part])));
    } else if (happening.kind === 'heal') village.networks.separate(new Map());
    else {
      village.kill(`n${happening.node}`);
      if (happening.kind === 'restart') await village.start(`n${happening.node}`);
    }
  };

  /** The living nodes, by the part they are in. */
  const partsOf = (village: Village): string[][] => {
    const parts: string[][] = [];
    for (const { id } of village.alive()) {
      const part = parts.find(([first]) => village.networks.reaches(first!, id));
      if (part === undefined) parts.push([id]);
      else part.push(id);
    }
    return parts;
  };

  it('has one coordinator in each part after a bound, never two for longer than another, and terms that only grow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          loss: fc.constantFrom(0, 0.1),
          coordinator: fc.constantFrom(undefined, 'n3'),
          blows: fc.array(fc.record({ after: fc.integer({ min: 500, max: 40_000 }), blow }), { maxLength: 6 }),
        }),
        async ({ seed, loss, coordinator, blows }) => {
          const appointed = coordinator === undefined ? {} : { coordinator };
          const village = new Village({ nodes: NODES, seed, loss, jitter: 0.2, ...appointed });
          await village.startAll();
          const terms = new Map<string, number>();
          let doubleSince: number | undefined;
          const watch = (): void => {
            const { clock } = village;
            const isDouble = partsOf(village).some(
              (part) => part.filter((id) => village.villagers.get(id)!.election.seat.kind === 'self').length > 1,
            );
            doubleSince = isDouble ? (doubleSince ?? clock.now()) : undefined;
            if (doubleSince !== undefined) expect(clock.now() - doubleSince).toBeLessThanOrEqual(ONE_WITHIN);
            for (const { id, election } of village.alive()) {
              const term = election.current()?.term;
              if (term === undefined) continue;
              expect(term).toBeGreaterThanOrEqual(terms.get(id) ?? 0);
              terms.set(id, term);
            }
          };
          for (const { after, blow: happening } of blows) {
            await village.pass(after, watch);
            await suffer(village, happening);
            // Two that met begin to count anew with each blow.
            doubleSince = undefined;
          }
          await village.pass(FOUND_WITHIN, watch);
          for (const part of partsOf(village)) {
            const seats = part.map((id) => village.villagers.get(id)!.election);
            const holder = part.filter((_, at) => seats[at]!.seat.kind === 'self');
            expect(holder).toHaveLength(1);
            for (const election of seats) expect(election.current()?.node).toBe(holder[0]);
          }
        },
      ),
      { numRuns: 40, seed: 20261 },
    );
  });
});
