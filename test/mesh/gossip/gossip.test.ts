// What gossip lets through, what it drops, and by which name it counts it.

import { Type } from 'typebox';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { DropCounters, type DropReason } from '../../../mesh/counters.ts';
import { sealEnvelope } from '../../../mesh/gossip/envelope.ts';
import { Gossip, type Message } from '../../../mesh/gossip/gossip.ts';
import { SequenceNumbers } from '../../../mesh/gossip/sequence.ts';
import type { Topic } from '../../../mesh/gossip/topics.ts';
import { issueCertificate } from '../../../mesh/membership/certificate.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Members } from '../../../mesh/membership/members.ts';
import { createNetwork } from '../../../mesh/membership/network.ts';
import { MAX_FRAME_BYTES, noTraffic, type Transport, type TransportKind } from '../../../mesh/transport/transport.ts';
import { memorySequence } from '../virtual-mesh.ts';

const news = {
  name: 'news',
  kind: 'event',
  schema: Type.Object({ text: Type.String() }),
  lifetime: 60_000,
} as const satisfies Topic;
const weather = { ...news, name: 'weather', kind: 'state' } as const satisfies Topic;
const toll = { ...weather, name: 'toll', scope: 'border' } as const satisfies Topic;

/** A medium that only writes down what it is told. */
function deaf(kind: TransportKind): Transport & { told: Uint8Array[] } {
  const told: Uint8Array[] = [];
  return {
    kind,
    told,
    start: async () => {},
    stop: async () => {},
    broadcast: (frame) => told.push(frame),
    traffic: noTraffic,
  };
}

const clock = new VirtualClock();
const self = SigningKey.generate();
const other = SigningKey.generate();
const network = createNetwork('test', self, 'self', clock.wall());
const certificateOf = (key: SigningKey, authority = network.authorityKey, lifetime = 3600_000): Uint8Array =>
  issueCertificate(authority!, {
    network: network.network.id,
    node: key.publicKey,
    name: 'other',
    issuedAt: clock.wall(),
    expiresAt: clock.wall() + lifetime,
    serial: '1',
  });
const otherCertificate = certificateOf(other);

let gossip: Gossip;
let drops: DropCounters;
let heard: Message<{ text: string }>[];
let revoked: string[];
let ended: string[];
let handed: string[];
let media: [ReturnType<typeof deaf>, ReturnType<typeof deaf>];

beforeEach(async () => {
  drops = new DropCounters();
  heard = [];
  revoked = [];
  ended = [];
  media = [deaf('libp2p'), deaf('mqtt')];
  gossip = new Gossip({
    networkId: network.network.id,
    key: self,
    certificate: () => network.certificate,
    members: new Members({
      network: { id: network.network.id, authority: network.authority },
      clock,
      isRevoked: (id) => revoked.includes(id),
      most: 100,
    }),
    sequence: await SequenceNumbers.open(memorySequence()),
    transports: media,
    clock,
    drops,
    logger: silentLogger,
    hand: (_frame, area) => handed.push(area),
    overtaken: () => {},
  });
  handed = [];
  gossip.subscribe(toll, { message: (message) => heard.push(message) });
  gossip.subscribe(news, { message: (message) => heard.push(message) });
  gossip.subscribe(weather, { message: (message) => heard.push(message), ended: (origin) => ended.push(origin) });
});

const frameOf = (
  sequence: number,
  change: Partial<Parameters<typeof sealEnvelope>[0]> = {},
  { key = other, certificate = otherCertificate } = {},
): Uint8Array =>
  sealEnvelope(
    {
      network: network.network.id,
      sequence,
      topic: 'news',
      time: clock.wall(),
      lifetime: 60_000,
      payload: Buffer.from('{"text":"hello"}'),
      ...change,
    },
    key,
    certificate,
  );

const expectDrop = (frame: Uint8Array, reason: DropReason): void => {
  const before = drops.snapshot()[reason];
  expect(gossip.ingest(frame, 'libp2p')).toBe('ignore');
  expect(drops.snapshot()[reason]).toBe(before + 1);
};

describe('gossip', () => {
  it('delivers what a member said, once, and bridges it to the other medium only', () => {
    expect(gossip.ingest(frameOf(1), 'libp2p')).toBe('accept');
    expect(heard).toMatchObject([{ origin: other.nodeId, payload: { text: 'hello' }, source: 'libp2p' }]);
    expect(media.map(({ told }) => told.length)).toEqual([0, 1]);
    expectDrop(frameOf(1), 'duplicate');
    expect(media.map(({ told }) => told.length)).toEqual([0, 1]);
  });

  it('hands on what came by synchronisation to every medium', () => {
    gossip.ingest(frameOf(1), 'sync');
    expect(media.map(({ told }) => told.length)).toEqual([1, 1]);
  });

  it('always hands on what a border says of itself, but not again what the border brings of others', () => {
    const third = SigningKey.generate();
    const borders = frameOf(1, { topic: 'toll' });
    const thirds = frameOf(1, { topic: 'toll' }, { key: third, certificate: certificateOf(third) });
    for (const frame of [borders, thirds, frameOf(1, { topic: 'weather' })]) {
      expect(gossip.ingest(frame, 'sync', other.nodeId, false)).toBe('accept');
    }
    expect(media.map(({ told }) => told)).toEqual([[borders], [borders]]);
  });

  it('hands what it says in another area to the neighbours there alone, and keeps it apart until it ends', () => {
    gossip.publish(toll, { text: 'one' }, undefined, 'attic');
    gossip.publish(toll, { text: 'two' }, undefined, 'barn');
    gossip.ingest(frameOf(1, { topic: 'toll' }), 'sync', other.nodeId);
    expect(handed).toEqual(['attic', 'barn']);
    expect(media.map(({ told }) => told.length)).toEqual([1, 1]);
    const between = (area: string) =>
      [...gossip.wordsBetween(other.nodeId, area)].map(({ topic, live }) => [topic, live]);
    expect(between('attic')).toEqual([
      ['toll.attic', true],
      ['toll', true],
    ]);
    expect(gossip.states.size).toBe(1);
    clock.advance(60_000);
    gossip.sweep();
    expect(between('barn')).toEqual([['toll', false]]);
  });

  it('takes events in any order, states only forward', () => {
    for (const sequence of [5, 3, 4]) expect(gossip.ingest(frameOf(sequence), 'mqtt')).toBe('accept');
    expect(gossip.ingest(frameOf(9, { topic: 'weather' }), 'mqtt')).toBe('accept');
    expectDrop(frameOf(8, { topic: 'weather' }), 'replay');
    expectDrop(frameOf(9, { topic: 'weather' }), 'duplicate');
    gossip.ingest(frameOf(2000), 'mqtt');
    expectDrop(frameOf(6), 'replay');
  });

  it('drops and counts what is not well', () => {
    expectDrop(Buffer.from('nonsense'), 'malformed');
    expectDrop(new Uint8Array(MAX_FRAME_BYTES + 1), 'oversized');
    expectDrop(frameOf(1, { network: 'ffffffffffffffff' }), 'other-network');
    expectDrop(frameOf(1, { payload: Buffer.from('{"text":1}') }), 'payload');
    expectDrop(frameOf(1, { payload: Buffer.from('not json') }), 'payload');
    expectDrop(frameOf(1, { time: clock.wall() + 3600_000 }), 'clock');
    expectDrop(frameOf(1, { time: clock.wall() - 3600_000 }), 'expired');
    expect(heard).toEqual([]);
    expect(media.map(({ told }) => told.length)).toEqual([0, 0]);
  });

  it('drops and counts strangers, the revoked, and those who speak for others', () => {
    const stranger = SigningKey.generate();
    expectDrop(frameOf(1, {}, { key: stranger, certificate: new Uint8Array() }), 'stranger');
    expectDrop(frameOf(1, {}, { key: stranger, certificate: certificateOf(stranger, stranger) }), 'stranger');
    expectDrop(frameOf(1, {}, { key: stranger, certificate: otherCertificate }), 'stranger');
    expectDrop(frameOf(1, {}, { key: other, certificate: certificateOf(other, undefined, 0) }), 'certificate-expired');
    revoked = [other.nodeId];
    expectDrop(frameOf(1), 'revoked');
    revoked = [];
    const forged = Uint8Array.from(frameOf(1));
    const at = Buffer.from(forged).indexOf('hello');
    forged[at] = 'j'.charCodeAt(0);
    expectDrop(forged, 'forged');
  });

  it('lets one origin say so much and no more, without harm to others', () => {
    for (let sequence = 1; sequence <= 100; sequence++) gossip.ingest(frameOf(sequence), 'libp2p');
    expectDrop(frameOf(101), 'rate');
    const third = SigningKey.generate();
    expect(gossip.ingest(frameOf(1, {}, { key: third, certificate: certificateOf(third) }), 'libp2p')).toBe('accept');
    clock.advance(1000);
    expect(gossip.ingest(frameOf(102), 'libp2p')).toBe('accept');
  });

  it('knows who floods by the signature, and who hands over again what is out of date', () => {
    const blamed = (id: string) => gossip.blame.of(id, clock.now());
    for (let sequence = 1; sequence <= 130; sequence++) gossip.ingest(frameOf(sequence), 'libp2p', 'somebody');
    expect([blamed(other.nodeId), blamed('somebody')]).toEqual([{ flooded: 30 }, undefined]);
    clock.advance(60_000);
    expect(blamed(other.nodeId)).toBeUndefined();
    const [old, newer] = [frameOf(201, { topic: 'weather' }), frameOf(202, { topic: 'weather' })];
    gossip.ingest(newer, 'libp2p', 'replayer');
    for (let n = 0; n < 4; n++) gossip.ingest(old, 'libp2p', 'replayer');
    gossip.ingest(old, 'libp2p', 'late');
    expect([blamed('replayer'), blamed('late')]).toEqual([{ replayed: 3 }, undefined]);
  });

  it('does not listen for a while to a neighbour that passes on what is forged or broken', () => {
    const forged = (sequence: number): Uint8Array => {
      const frame = Uint8Array.from(frameOf(sequence));
      const at = Buffer.from(frame).indexOf('hello');
      frame[at] = 'j'.charCodeAt(0);
      return frame;
    };
    for (let sequence = 1; sequence <= 200; sequence++) gossip.ingest(forged(sequence), 'libp2p', 'forger');
    expect(drops.snapshot()).toMatchObject({ forged: 21, rate: 179 });
    expect(gossip.blame.of('forger', clock.now())).toEqual({ forged: 21 });
    expect(gossip.ingest(frameOf(1), 'libp2p', 'forger')).toBe('ignore');
    expect(gossip.ingest(frameOf(1), 'libp2p', 'somebody')).toBe('accept');
    clock.advance(10_001);
    expect(gossip.ingest(frameOf(2), 'libp2p', 'forger')).toBe('accept');
  });

  it('relays topics that it does not know, and says its own on every medium', () => {
    expect(gossip.ingest(frameOf(1, { topic: 'from-the-future' }), 'mqtt')).toBe('accept');
    expect(media.map(({ told }) => told.length)).toEqual([1, 0]);
    gossip.publish(news, { text: 'mine' });
    expect(media.map(({ told }) => told.length)).toEqual([2, 1]);
    expect(gossip.ingest(media[1].told[0]!, 'mqtt')).toBe('ignore');
    expect(gossip.counts()).toEqual({ accepted: { other: 1 }, published: 1 });
  });

  it('forgets a state that nobody repeats, and does not take it back from an old copy', () => {
    const frame = frameOf(1, { topic: 'weather' });
    gossip.ingest(frame, 'libp2p');
    clock.advance(61_000);
    gossip.sweep();
    expect(ended).toEqual([other.nodeId]);
    expectDrop(frame, 'duplicate');
    clock.advance(600_000);
    gossip.sweep();
    expectDrop(frame, 'expired');
    expect(gossip.states.size).toBe(0);
  });
});
