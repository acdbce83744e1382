// Whatever bytes arrive, no decoder throws, and a node goes on: mutations of what nodes really say, by seed.

import { createSecretKey } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ParlmeshError } from '../../core/errors.ts';
import { seededRandom } from '../../core/random.ts';
import { unpackDigest, unpackSlots, unpackStates } from '../../mesh/gossip/digest.ts';
import { openEnvelope } from '../../mesh/gossip/envelope.ts';
import { open, readHead } from '../../mesh/link/probe-datagram.ts';
import { checkCertificate } from '../../mesh/membership/certificate.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { readRenewalAnswer, readRenewalRequest } from '../../mesh/membership/renewal.ts';
import { decodeToken } from '../../mesh/membership/token.ts';
import { FrameReader, frame } from '../../mesh/transport/framing.ts';
import { MemoryTransport, memoryAddress } from '../../mesh/transport/memory.ts';
import { MAX_FRAME_BYTES } from '../../mesh/transport/transport.ts';
import { PeerMessageSchema } from '../../mesh/wire/generated/parlmesh_pb.ts';
import { CORPORA, type CorpusName, mutated, readCorpus } from './corpus/corpus.ts';
import { VirtualMesh } from './virtual-mesh.ts';

const RUNS = 3000;
const network = { id: '0123456789abcdef', authority: SigningKey.generate().publicKey };
const probeKey = createSecretKey(Buffer.alloc(32, 1));

/** A wrong certificate is refused, with whoever shows it. */
function endsTheConnection(bytes: Uint8Array): boolean {
  try {
    const { kind } = fromBinary(PeerMessageSchema, bytes);
    return kind.case === 'hello' || kind.case === 'refused';
  } catch {
    return false;
  }
}

/** Throws nothing but what it says that it throws. */
const refused = (code: string, run: () => unknown): void => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ParlmeshError);
    expect(error).toMatchObject({ code });
  }
};

const decoders: Record<string, { corpus: CorpusName; decode: (bytes: Uint8Array) => void }> = {
  'an envelope': { corpus: 'envelopes', decode: (bytes) => void openEnvelope(bytes) },
  'a certificate': { corpus: 'certificates', decode: (bytes) => void checkCertificate(bytes, network, 1) },
  'a request to renew': { corpus: 'renewals', decode: (bytes) => void readRenewalRequest(bytes, network, 1) },
  'an answer to it': { corpus: 'renewals', decode: (bytes) => void readRenewalAnswer(bytes) },
  'a probe': {
    corpus: 'probes',
    decode: (bytes) => {
      if (readHead(bytes) !== undefined) open(probeKey, bytes);
    },
  },
  'a token': {
    corpus: 'tokens',
    decode: (bytes) => refused('TOKEN_INVALID', () => decodeToken(Buffer.from(bytes).toString())),
  },
  'a digest': {
    corpus: 'peer-messages',
    decode: (bytes) => {
      unpackDigest({ buckets: bytes.subarray(0, 1024), settled: bytes.subarray(0, 32) });
      unpackStates(bytes);
      unpackSlots(bytes);
    },
  },
  'a stream of messages': {
    corpus: 'peer-messages',
    decode: (bytes) => {
      const reader = new FrameReader(4096);
      const stream = Buffer.concat([frame(bytes.subarray(0, 4000)), bytes]);
      refused('FRAME_TOO_LONG', () => {
        for (let at = 0; at < stream.length; at += 7) reader.push(stream.subarray(at, at + 7));
      });
    },
  },
};

describe.each(Object.entries(decoders))('the decoder of %s', (name, { corpus, decode }) => {
  it('takes what is real, and throws at nothing that is not', () => {
    const samples = readCorpus(corpus);
    for (const { bytes } of samples) decode(bytes);
    const random = seededRandom(name.length);
    for (let run = 0; run < RUNS; run++) decode(mutated(samples, random));
  });
});

describe('a node', () => {
  it('takes anything from an admitted neighbour and goes on', async () => {
    const mesh = new VirtualMesh({ seed: 5 });
    let speak: MemoryTransport | undefined;
    const a = await mesh.add('a');
    const b = await mesh.add('b', {
      bootstrap: [a],
      transports: (memory) => {
        speak = memory;
        return [memory];
      },
    });
    await mesh.pass(3000);
    const random = seededRandom(6);
    const c = await mesh.add('c', { bootstrap: [a] });
    await mesh.pass(1000);
    const messages = readCorpus('peer-messages');
    const envelopes = readCorpus('envelopes');
    for (let run = 0; run < RUNS; run++) {
      const message = mutated(messages, random);
      if (!endsTheConnection(message)) speak?.send(a.node.id, message);
      speak?.broadcast(mutated(envelopes, random));
      // Who passes on forgeries is not listened to for ten seconds.
      await mesh.pass(run % 20 === 0 ? 11_000 : 1);
    }
    await mesh.pass(1000);
    const { drops } = a.node.counters();
    expect(drops.malformed).toBeGreaterThan(0);
    expect(drops['other-network']).toBeGreaterThan(0);
    expect(drops.rate).toBeGreaterThan(0);
    expect(a.node.gossip.states.size).toBeLessThan(50);
    expect(a.node.peers().find(({ id }) => id === b.node.id)?.state).toBe('connected');
    for (const [other, score] of [
      [b, 0.6],
      [c, 0.7],
    ] as const) {
      other.node.setScore(score);
      await mesh.pass(15_000);
      expect(a.node.peers().find(({ id }) => id === other.node.id)?.score).toBe(score);
    }
  });

  it('hears nothing of who is not admitted, and nothing that is too long, and counts both', async () => {
    const mesh = new VirtualMesh({ seed: 7 });
    const { node } = await mesh.add('a');
    const stranger = new MemoryTransport('stranger', mesh.medium);
    await stranger.start({
      frame: () => {},
      ready: () => {},
      lost: () => {},
      connected: () => {},
      disconnected: () => {},
      message: () => {},
      drained: () => {},
      discovered: () => {},
      admits: () => true,
      handshakeFailed: () => {},
    });
    await stranger.dial([memoryAddress(node.id)], undefined);
    const ping = create(PeerMessageSchema, { kind: { case: 'ping', value: { sequence: 1 } } });
    stranger.send(node.id, toBinary(PeerMessageSchema, ping));
    stranger.send(node.id, new Uint8Array(MAX_FRAME_BYTES + 1));
    await mesh.pass(50);
    expect(node.counters().drops).toMatchObject({ 'not-admitted': 1, oversized: 1 });
  });

  it('has a corpus of every kind', () => {
    for (const name of CORPORA) expect(readCorpus(name).length).toBeGreaterThan(0);
  });
});
