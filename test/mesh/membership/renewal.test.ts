// The life of certificates on virtual time: renewed in time, missed, made good, refused.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Value } from 'typebox/value';
import { afterEach, describe, expect, it } from 'vitest';
import { CredentialsDocument } from '../../../mesh/membership/network.ts';
import { MemoryTransport, memoryAddress } from '../../../mesh/transport/memory.ts';
import type { PeerTransportEvents } from '../../../mesh/transport/transport.ts';
import {
  HelloSchema,
  type PeerMessage,
  PeerMessageSchema,
  RenewalRequestSchema,
} from '../../../mesh/wire/generated/parlmesh_pb.ts';
import { names, told, type VirtualMember, VirtualNetwork } from './virtual-network.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Between two looks at what awaits, while nothing is to happen. */
const STEP = 500;
const LIFE = 3 * HOUR;

let network: VirtualNetwork;
afterEach(() => network.stopAll());

/** founder–middle–far, settled. */
async function line(): Promise<{ founder: VirtualMember; middle: VirtualMember; far: VirtualMember }> {
  network = new VirtualNetwork(LIFE);
  const founder = await network.found('founder');
  const middle = await network.join(founder, 'middle', [founder]);
  const far = await network.join(founder, 'far', [middle]);
  await network.until(() => expect(far.mesh.routes()).toHaveLength(2), MINUTE);
  return { founder, middle, far };
}

const expiryOf = ({ mesh }: VirtualMember): number => mesh.membership().expiresAt;

describe('a certificate', () => {
  it('is renewed after two thirds of its life over any hops, and connections stay', async () => {
    const { founder, middle, far } = await line();
    const all = [founder, middle, far];
    const before = all.map(expiryOf);
    await network.pass(0.6 * LIFE, STEP);
    expect(all.map(expiryOf)).toEqual(before);
    await network.pass(0.15 * LIFE, STEP);
    for (const [at, member] of all.entries()) {
      expect(expiryOf(member)).toBeGreaterThan((before[at] ?? 0) + 0.6 * LIFE);
      expect(told(member, 'mesh.renewed')).toContainEqual(
        expect.stringMatching(/^The certificate of this node was renewed until/),
      );
      expect(told(member, 'mesh.left')).toEqual([]);
    }
    expect(founder.mesh.members().find(({ id }) => id === far.mesh.id)?.expiresAt).toBe(expiryOf(far));
    await network.pass(0.5 * LIFE, STEP);
    expect(names(founder)).toEqual(['middle']);
    expect(far.mesh.routes()).toHaveLength(2);
    expect(far.mesh.members().every(({ expiresAt }) => expiresAt > network.clock.wall())).toBe(true);
  });

  it('is asked for again and again while the authority is away, with warnings, and renewed when it is back', async () => {
    const { founder, middle, far } = await line();
    await network.stop(founder);
    await network.pass(0.9 * LIFE, STEP);
    expect(told(far, 'mesh.expires')).toHaveLength(1);
    expect(far.mesh.membership().problem).toMatchObject({
      cause: expect.stringContaining('The certificate of this node ends on'),
      hint: expect.stringContaining('Start the node that holds the authority'),
    });
    const back = await network.again(founder, [middle]);
    await network.until(() => {
      expect(far.mesh.membership().problem).toBeUndefined();
      expect(middle.mesh.membership().problem).toBeUndefined();
    }, 10 * MINUTE);
    expect(expiryOf(far)).toBeGreaterThan(network.clock.wall() + 0.9 * LIFE);
    expect(names(back)).toEqual(['middle']);
  });

  it('that has expired is named so on both sides, and still renewed through a member that refuses its holder', async () => {
    const { founder, middle, far } = await line();
    await network.stop(far);
    await network.pass(2 * LIFE, STEP);
    expect(told(founder, 'mesh.expired')).toEqual([]);
    network.medium.cut(founder.mesh.id, middle.mesh.id);
    await network.pass(2 * MINUTE);

    const late = await network.again(far, [middle]);
    expect(late.mesh.membership().problem?.cause).toMatch(/expired on .*: other nodes refuse it/);
    await network.until(
      () => expect(told(middle, 'mesh.expired')).toEqual([expect.stringMatching(/^The certificate of far expired on/)]),
      MINUTE,
    );
    await network.pass(MINUTE);
    expect(told(late, 'mesh.expired')).toHaveLength(1);
    expect(names(middle)).not.toContain('far');
    expect(middle.mesh.counters()?.strangers.expired).toBeGreaterThan(0);
    expect(told(middle, 'mesh.strangers')).toEqual([]);

    network.medium.mend(founder.mesh.id, middle.mesh.id);
    await network.until(() => expect(names(middle)).toEqual(['far', 'founder']), 10 * MINUTE);
    expect(late.mesh.membership().problem).toBeUndefined();
    await network.until(() => expect(late.mesh.routes()).toHaveLength(2), MINUTE);
  });

  it('of a removed member is not renewed, however it asks', async () => {
    const { founder, middle, far } = await line();
    await network.stop(far);
    await founder.mesh.revoke(far.mesh.id);
    await network.pass(2 * LIFE, STEP);
    const late = await network.again(far, [middle, founder]);
    await network.pass(10 * MINUTE);
    expect(late.mesh.membership().problem?.cause).toContain('expired');
    expect(names(late)).not.toContain('founder');
    expect(names(founder)).toEqual(['middle']);
    expect(founder.mesh.registrarCounts()?.revoked).toBeGreaterThan(0);
  });

  it('of the authority renews itself at a start, however late', async () => {
    const { founder, middle, far } = await line();
    for (const member of [far, middle, founder]) await network.stop(member);
    await network.pass(200 * DAY, DAY);
    const back = await network.again(founder, []);
    expect(expiryOf(back)).toBeGreaterThan(network.clock.wall());
    expect(told(back, 'mesh.renewed')).toEqual([expect.stringContaining('as holder of the authority')]);
    const late = await network.again(middle, [back]);
    await network.until(() => expect(back.mesh.registrarCounts()?.expired).toBeGreaterThan(0), 5 * MINUTE);
    expect(late.mesh.membership().problem?.hint).toContain('parlmesh network join TOKEN');
    expect(names(back)).toEqual([]);
  });
});

describe('a wrong clock', () => {
  it.each([
    ['behind', -20 * 365, /The clock of this board is 20 years behind/],
    ['ahead', 20 * 365, /The clock of this board is 20 years ahead of/],
  ])('that is years %s is told to its board, and heals without a new invite', async (_name, days, message) => {
    const { founder, middle, far } = await line();
    await network.stop(far);
    let off = days * DAY;
    const wrong = await network.again(far, [middle], () => off);
    await network.until(() => expect(wrong.mesh.membership().problem?.cause).toMatch(message), 2 * MINUTE);
    expect(told(wrong, 'mesh.clock')).toHaveLength(1);
    expect(founder.mesh.membership().problem).toBeUndefined();
    expect(middle.mesh.membership().problem).toBeUndefined();
    off = 0;
    await network.until(() => expect(names(middle)).toEqual(['far', 'founder']), 30 * MINUTE);
    await network.until(() => expect(wrong.mesh.routes()).toHaveLength(2), 5 * MINUTE);
  });

  it('of the only peer blames nobody else, where the peer’s own certificate proves it', async () => {
    network = new VirtualNetwork(LIFE);
    const founder = await network.found('founder');
    const peer = await network.join(founder, 'peer', [founder], () => -20 * 365 * DAY);
    await network.until(() => expect(told(peer, 'mesh.clock')).toHaveLength(1), 2 * MINUTE);
    await network.pass(MINUTE);
    expect(founder.mesh.membership().problem).toBeUndefined();
  });
});

describe('a request for renewal at a connection', () => {
  const message = (kind: PeerMessage['kind']): Uint8Array =>
    toBinary(PeerMessageSchema, create(PeerMessageSchema, { kind }));
  const request = (length: number): Uint8Array =>
    message({ case: 'renewalRequest', value: create(RenewalRequestSchema, { request: new Uint8Array(length) }) });

  it('is heard only from an expired member, and bounded', async () => {
    const { founder, far } = await line();
    const drops = (reason: 'not-admitted' | 'oversized'): number => founder.mesh.counters()?.drops[reason] ?? 0;
    const { certificate } = Value.Parse(CredentialsDocument, await far.state.read('credentials'));
    await network.stop(far);
    await network.pass(2 * LIFE, STEP);
    const heard: (string | undefined)[] = [];
    const transport = new MemoryTransport(far.key.nodeId, network.medium);
    const nothing = (): void => {};
    const events: PeerTransportEvents = {
      ...{ connected: nothing, disconnected: nothing, discovered: nothing, drained: nothing, handshakeFailed: nothing },
      ...{ ready: nothing, admits: () => true, frame: () => {}, lost: nothing },
      message: (_peer, bytes) => heard.push(fromBinary(PeerMessageSchema, bytes).kind.case),
    };
    await transport.start(events);
    const dialled = transport.dial([memoryAddress(founder.mesh.id)], founder.mesh.id);
    await network.pass(100);
    const to = await dialled;

    transport.send(to, request(10));
    await network.pass(100);
    expect(drops('not-admitted')).toBe(1);

    const expired = create(HelloSchema, { certificate: Buffer.from(certificate, 'base64'), version: '0' });
    transport.send(to, message({ case: 'hello', value: expired }));
    await network.pass(100);
    expect(heard).toContain('refused');
    transport.send(to, request(5000));
    await network.pass(100);
    expect(drops('oversized')).toBe(1);
    transport.send(to, request(10));
    await network.pass(100);
    expect(heard).toContain('renewalAnswer');
    expect(founder.mesh.registrarCounts()?.malformed).toBe(1);
    await transport.stop();
  });
});
