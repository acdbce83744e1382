// Writes the corpus: three nodes on virtual time meet, route, relay and miss something of each other.
//
//   node test/mesh/corpus/record.ts

import { createSecretKey } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { openEnvelope } from '../../../mesh/gossip/envelope.ts';
import { seal } from '../../../mesh/link/probe-datagram.ts';
import { renewalAnswer, renewalRequest } from '../../../mesh/membership/renewal.ts';
import { encodeToken } from '../../../mesh/membership/token.ts';
import type { MemoryTransport } from '../../../mesh/transport/memory.ts';
import { type PeerMessage, PeerMessageSchema } from '../../../mesh/wire/generated/parlmesh_pb.ts';
import { VirtualMesh } from '../virtual-mesh.ts';
import { type Sample, writeCorpus } from './corpus.ts';

const MOST_OF_A_KIND = 2;
const MOST_BYTES = 4096;

class Recorder {
  readonly #samples = new Map<string, Sample[]>();

  take(kind: string, bytes: Uint8Array): void {
    const known = this.#samples.get(kind) ?? [];
    if (known.length < MOST_OF_A_KIND && bytes.length <= MOST_BYTES)
      known.push({ kind, bytes: Uint8Array.from(bytes) });
    this.#samples.set(kind, known);
  }

  get samples(): Sample[] {
    return [...this.#samples.values()].flat();
  }
}

const messages = new Recorder();
const envelopes = new Recorder();
const certificates = new Recorder();

function heardFrom(transport: MemoryTransport): MemoryTransport {
  const { send, broadcast } = transport;
  transport.send = (peer, bytes) => {
    const { kind } = fromBinary(PeerMessageSchema, bytes);
    messages.take(kind.case === 'relay' ? `relay-${kind.value.body.case}` : String(kind.case), bytes);
    return send.call(transport, peer, bytes);
  };
  transport.broadcast = (frame) => {
    const opened = openEnvelope(frame);
    if (typeof opened !== 'string') {
      envelopes.take(opened.topic, frame);
      certificates.take('certificate', opened.certificate);
    }
    broadcast.call(transport, frame);
  };
  return transport;
}

const mesh = new VirtualMesh({ seed: 3 });
const transports = (memory: MemoryTransport): MemoryTransport[] => [heardFrom(memory)];
const a = await mesh.add('a', { transports });
const b = await mesh.add('b', { transports, bootstrap: [a] });
const c = await mesh.add('c', { transports, bootstrap: [b] });
await mesh.pass(6000);
mesh.medium.cut(b.node.id, c.node.id);
c.node.setScore(0.5);
await mesh.pass(40);
mesh.medium.mend(b.node.id, c.node.id);
await mesh.pass(3000);
const asked = Promise.allSettled([a.node.relay.ping(c.node.id), a.node.relay.trace(c.node.id)]);
await mesh.pass(12_000);
await asked;
await mesh.pass(5000);

// What three nodes in memory have no reason to say.
const share = Buffer.alloc(32, 2);
const request = renewalRequest(mesh.founder, mesh.founded.network.id, mesh.founded.certificate);
const others: Parameters<typeof create<typeof PeerMessageSchema>>[1][] = [
  { kind: { case: 'probeOffer', value: { share, port: 7421, session: 9 } } },
  { kind: { case: 'probeAsk', value: { number: 1, peer: a.node.id } } },
  { kind: { case: 'probeAnswer', value: { number: 1, reached: true } } },
  { kind: { case: 'refused', value: { reason: 'expired' } } },
  { kind: { case: 'renewalRequest', value: { request } } },
  { kind: { case: 'renewalAnswer', value: { answer: renewalAnswer({ refusal: 'revoked' }) } } },
];
for (const init of others) {
  const message: PeerMessage = create(PeerMessageSchema, init);
  messages.take(String(message.kind.case), toBinary(PeerMessageSchema, message));
}

writeCorpus('peer-messages', messages.samples);
writeCorpus('envelopes', envelopes.samples);
writeCorpus('certificates', certificates.samples);
const { network, certificate } = mesh.founded;
writeCorpus('renewals', [
  { kind: 'request', bytes: renewalRequest(mesh.founder, network.id, certificate) },
  { kind: 'answer', bytes: renewalAnswer({ certificate }) },
]);
const probe = { stamp: 1, echo: 2, held: 3, interval: 50, loss: 0, poll: false, deaf: false, eased: false };
writeCorpus('probes', [{ kind: 'probe', bytes: seal(createSecretKey(Buffer.alloc(32, 1)), 7, 9, probe) }]);
const token = encodeToken({
  network,
  authority: mesh.founder.publicKey.raw,
  addresses: [`/ip4/192.168.1.5/tcp/7422/p2p/${a.node.id}`],
  secret: Buffer.alloc(16, 5),
  expiresAt: mesh.clock.wall(),
});
writeCorpus('tokens', [{ kind: 'token', bytes: Buffer.from(token) }]);
