// A round in regions from dispatch to step.

import { describe, expect, it } from 'vitest';
import type { Aggregate, Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import {
  bytesOf,
  frameOf,
  MODEL,
  ModelPiece,
  ModelRequest,
  PIECE_BYTES,
  readFrame,
  sha256,
  versionOf,
} from '../../../../agents/federation/messages.ts';
import { readAggregate, readRow } from '../../../../agents/federation/regional/regional-data.ts';
import { headerOf } from '../../../../agents/federation/rounds/round-work.ts';

import { Country, codec, LASTS, ROUND, rule, SHAPE, SIZE } from './country.ts';

async function ask(
  country: Country,
  from: string,
  to: string,
  service: string,
  frame: Uint8Array,
): Promise<Uint8Array> {
  const asking = country.networks.seat(from)!.request(to, service, frame);
  asking.catch(() => {});
  await country.pass(50);
  return asking;
}

const text4 = (frame: Uint8Array): string => Buffer.from(frame.subarray(4)).toString();

describe('a round in regions', () => {
  it('brings √n updates to the coordinator, with every node counted and signed for', async () => {
    const country = new Country({ nodes: 64 });
    await country.begin();
    expect(country.dispatch.plan(SHAPE.learner, ROUND)).toMatchObject({ direct: [] });
    expect(country.invited).toHaveLength(64);
    await country.sendAll();
    expect(country.counted.size).toBe(64);
    const rows = await country.storage.updates(SHAPE.learner, 1);
    const carriers = rows.filter(({ header, data }) => readRow(data, headerOf(header)!.digest)?.kind === 'aggregate');
    expect(carriers).toHaveLength(8);
    const { delta, verdicts } = await country.aggregate();
    expect(delta[0]).toBeCloseTo(1, 2);
    expect(verdicts).toHaveLength(64);
  });

  it('spares the coordinator most bytes', async () => {
    const through = new Country({ nodes: 64 });
    await through.begin();
    const before = through.networks.seat('c')!.traffic.received;
    await through.sendAll();
    const received = through.networks.seat('c')!.traffic.received - before;
    // 8 aggregates of 424 bytes and 64 signed headers, in place of 64 updates with the same headers.
    const evidence = 64 * 800;
    expect(received).toBeLessThan(8 * 500 + evidence);
  });

  it('holds against a third of liars spread over all regions', async () => {
    const country = new Country({ nodes: 64, value: (node) => (node % 3 === 0 ? -100 : 1) });
    await country.begin();
    await country.sendAll();
    const { delta } = await country.aggregate();
    for (const value of delta) expect(value).toBeCloseTo(1, 1);
  });

  it('holds against regions that are all liars, as many as the rule across regions stands', async () => {
    const country = new Country({ nodes: 64, value: (node) => (node < 24 ? -100 : 1) });
    await country.begin();
    await country.sendAll();
    const { delta } = await country.aggregate();
    for (const value of delta) expect(value).toBeCloseTo(1, 1);
  });

  it('lets members send directly when their head dies with their updates', async () => {
    const country = new Country({ nodes: 64 });
    await country.begin();
    const [region] = country.dispatch.plan(SHAPE.learner, ROUND)!.regions;
    const members = region!.members.filter((id) => id !== region!.head);
    // All but one, so that the head goes on waiting, and then is gone.
    await country.sendAll(members.slice(1));
    expect(country.counted.size).toBe(0);
    country.networks.kill(region!.head);
    await country.pass(500);
    expect([...country.counted.keys()].sort()).toEqual(members.slice(1));
    await country.sendAll(members.slice(0, 1));
    expect(country.counted.has(members[0]!)).toBe(true);
  });

  it('lets members send directly in time when a head keeps what it has to itself', async () => {
    const country = new Country({
      nodes: 64,
      headRule: () => {
        throw new Error('the disk is full');
      },
    });
    await country.begin();
    await country.sendAll();
    await country.pass(1000);
    expect(country.counted.size).toBe(64);
  });

  it('counts a node once when its update comes both ways', async () => {
    const country = new Country({ nodes: 64 });
    await country.begin();
    const [region] = country.dispatch.plan(SHAPE.learner, ROUND)!.regions;
    const [early] = region!.members.filter((id) => id !== region!.head);
    await country.sendAll([early!]);
    // The member gives the head up and sends directly; the head learns of it when it passes on.
    country.members.get(early!)!.passedOn(region!.head, { id: ROUND, learner: SHAPE.learner, outcome: 'direct' });
    await country.pass(100);
    expect([...country.counted.keys()]).toEqual([early]);
    await country.sendAll(region!.members.filter((id) => id !== early));
    expect(country.counted.size).toBe(8);
    const rows = await country.storage.updates(SHAPE.learner, 1);
    const aggregate = rows
      .map(({ header, data }) => readRow(data, headerOf(header)!.digest))
      .find((row) => row?.kind === 'aggregate');
    const evidence = aggregate?.kind === 'aggregate' ? aggregate.aggregate.evidence.members : [];
    expect(evidence.map(({ header }) => JSON.parse(header.body).node)).not.toContain(early);
    expect(evidence).toHaveLength(7);
  });

  it('passes on what it has when some members never send', async () => {
    const country = new Country({ nodes: 64 });
    await country.begin();
    const [region] = country.dispatch.plan(SHAPE.learner, ROUND)!.regions;
    await country.sendAll(region!.members.slice(0, 6));
    expect(country.counted.size).toBe(0);
    await country.pass(0.7 * LASTS, 500);
    expect(country.counted.size).toBe(6);
  });

  it('finds a head that makes up its aggregate, and counts its region for nothing', async () => {
    const lie = (updates: readonly Update[]): Aggregate => {
      const { verdicts } = rule.aggregate(updates);
      return { delta: new Float32Array(SIZE).fill(-50), verdicts };
    };
    let liar: string | undefined;
    const country = new Country({
      ...{ nodes: 64, audits: 8 },
      headRule: (head, updates) => {
        liar ??= head;
        return head === liar ? lie(updates) : rule.aggregate(updates);
      },
    });
    await country.begin();
    await country.sendAll();
    const { delta, verdicts } = await country.aggregate();
    expect(delta[0]).toBeCloseTo(1, 2);
    const of = (node: string) => verdicts.find((verdict) => verdict.node === node)!;
    expect(of(liar!)).toMatchObject({ share: 0, doubt: { reason: 'far-away', severity: 1 } });
    expect(of(liar!).doubt!.evidence).toContain('another aggregate');
    const { members } = country.dispatch.region(SHAPE.learner, ROUND, liar!)!;
    for (const member of members.filter((id) => id !== liar)) expect(of(member).doubt).toMatchObject({ severity: 0 });
    const doubted = verdicts.filter(({ doubt }) => (doubt?.severity ?? 1) > 0 && doubt !== undefined);
    expect(doubted.map(({ node }) => node)).toEqual([liar]);
  });

  it('goes over regions by the rule that heads know, whatever the coordinator thinks of nodes', async () => {
    const country = new Country({
      ...{ nodes: 64, audits: 8 },
      across: (updates) => {
        const { delta, verdicts } = rule.aggregate(updates);
        return { delta: delta.map((value) => value / 2), verdicts };
      },
    });
    await country.begin();
    await country.sendAll();
    const { delta, verdicts } = await country.aggregate();
    expect(delta[0]).toBeCloseTo(0.5, 2);
    expect(verdicts.filter(({ doubt }) => doubt !== undefined)).toEqual([]);
  });

  it('brings the model to each region once, and only as it is', async () => {
    const country = new Country({ nodes: 64 });
    const model = bytesOf(new Float32Array(20_000).fill(3));
    let served = 0;
    country.serve((frame) => {
      const { offset, version } = readFrame(ModelRequest, frame)!.header;
      served++;
      const bytes = version === versionOf(model) ? model : new Uint8Array(80_000);
      return frameOf({ total: bytes.length }, bytes.subarray(offset, offset + PIECE_BYTES));
    });
    await country.begin();
    const { members, head } = country.dispatch.plan(SHAPE.learner, ROUND)!.regions[0]!;
    const others = members.filter((id) => id !== head);
    const fetched = async (version: string): Promise<number[]> => {
      const frame = frameOf({ learner: SHAPE.learner, version, offset: 0 });
      const asking = others.map((id) => country.members.get(id)!.request('c', MODEL, frame));
      await country.pass(100);
      return (await Promise.all(asking)).map((reply) => readFrame(ModelPiece, reply)!.bytes.length);
    };
    expect(await fetched(versionOf(model))).toEqual(others.map(() => PIECE_BYTES));
    const pieces = Math.ceil(80_000 / PIECE_BYTES);
    expect(served).toBe(pieces);
    // What the coordinator calls by another's name no head passes on: each asks for itself.
    await fetched('f'.repeat(16));
    expect(served).toBeGreaterThanOrEqual(2 * pieces + others.length);
  });

  it('takes no assignment from a node that does not coordinate', async () => {
    const country = new Country({ nodes: 64 });
    await country.pass(50);
    const forged = frameOf({ id: ROUND, learner: SHAPE.learner, head: 'n005', lasts: LASTS });
    await expect(ask(country, 'n005', 'n001', 'federation-region', forged)).rejects.toThrow(/only the coordinator/);
  });

  it('takes no aggregate of a node that heads no region, nor one whose members did not sign', async () => {
    const country = new Country({ nodes: 64 });
    await country.begin();
    const { head } = country.dispatch.plan(SHAPE.learner, ROUND)!.regions[0]!;
    const member = { header: { body: '{}', signature: 'A'.repeat(88) }, share: 1 };
    const evidence = { learner: SHAPE.learner, id: ROUND, head, rule: 'median', codec: 'int8', members: [member] };
    const text = Buffer.from(JSON.stringify(evidence));
    const bytes = Buffer.concat([Buffer.alloc(4), text, codec.pack(SHAPE, new Float32Array(SIZE))]);
    bytes.writeUInt32BE(text.length);
    expect(readAggregate(bytes)).toBeDefined();
    const piece = { learner: SHAPE.learner, id: ROUND, bytes: bytes.length, digest: sha256(bytes), offset: 0 };
    const sent = (from: string) => ask(country, from, 'c', 'federation-region-aggregate', frameOf(piece, bytes));
    const answers = [];
    for (const from of [head, head === 'n001' ? 'n002' : 'n001']) answers.push(JSON.parse(text4(await sent(from))));
    expect(answers[0]).toMatchObject({ kind: 'refused', cause: 'a member’s signature does not fit' });
    expect(answers[1]).toMatchObject({ kind: 'refused', cause: 'it is head of no region in that round' });
    expect(country.counted.size).toBe(0);
  });
});
