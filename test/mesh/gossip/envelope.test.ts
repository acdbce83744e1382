import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEnvelope, sealEnvelope } from '../../../mesh/gossip/envelope.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { MAX_FRAME_BYTES } from '../../../mesh/transport/transport.ts';
import { EnvelopeBodySchema, SignedSchema } from '../../../mesh/wire/generated/parlmesh_pb.ts';

const key = SigningKey.generate();
const certificate = Buffer.from('certificate');
const envelope = {
  network: '0123456789abcdef',
  sequence: 7,
  topic: 'link-state',
  time: 1_790_000_000_000,
  lifetime: 60_000,
  payload: Buffer.from('{}'),
};

describe('an envelope', () => {
  it('opens as it was sealed, with the signature of its origin', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.uint8Array({ maxLength: 2000 }),
        fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
        (sequence, payload, topic) => {
          const opened = openEnvelope(sealEnvelope({ ...envelope, sequence, payload, topic }, key, certificate));
          if (typeof opened === 'string') throw new Error(opened);
          expect(opened).toMatchObject({ ...envelope, sequence, topic, payload: expect.anything() });
          expect(Buffer.from(opened.payload).equals(payload)).toBe(true);
          expect(key.publicKey.verify('envelope', opened.body, opened.signature)).toBe(true);
          expect(key.publicKey.verify('certificate', opened.body, opened.signature)).toBe(false);
        },
      ),
    );
  });

  it('is refused, never thrown at, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const opened = openEnvelope(bytes);
        expect(opened === 'malformed' || typeof opened === 'object').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('with any byte changed is malformed, not signed, or says the very same', () => {
    const frame = sealEnvelope(envelope, key, new Uint8Array());
    const original = openEnvelope(frame);
    fc.assert(
      fc.property(fc.nat({ max: frame.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(frame);
        changed[at] = (changed[at] ?? 0) ^ change;
        const opened = openEnvelope(changed);
        if (typeof opened === 'string' || typeof original === 'string') return;
        if (!key.publicKey.verify('envelope', opened.body, opened.signature)) return;
        expect(Buffer.from(opened.body).equals(original.body)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is refused when it is larger than any transport carries', () => {
    expect(openEnvelope(new Uint8Array(MAX_FRAME_BYTES + 1))).toBe('oversized');
  });

  it.each([
    ['a short key', { originKey: new Uint8Array(31) }],
    ['a topic that would leave its place in the topic tree', { topic: 'a/#' }],
    ['a sequence beyond what numbers hold', { sequence: 2n ** 60n }],
    ['a lifetime over a day', { lifetime: 90_000_000 }],
  ])('is malformed with %s', (_, change) => {
    const body = toBinary(
      EnvelopeBodySchema,
      create(EnvelopeBodySchema, { ...envelope, sequence: 1n, time: 1n, originKey: key.publicKey.raw, ...change }),
    );
    const frame = toBinary(SignedSchema, create(SignedSchema, { body, signature: key.sign('envelope', body) }));
    expect(openEnvelope(frame)).toBe('malformed');
  });

  it('keeps its signature when a newer version added a field', () => {
    const opened = openEnvelope(sealEnvelope(envelope, key, certificate));
    if (typeof opened === 'string') throw new Error(opened);
    // Field 100, varint 1.
    const body = Buffer.concat([opened.body, Buffer.from([0xa0, 0x06, 0x01])]);
    const frame = toBinary(SignedSchema, create(SignedSchema, { body, signature: key.sign('envelope', body) }));
    const again = openEnvelope(frame);
    if (typeof again === 'string') throw new Error(again);
    expect(key.publicKey.verify('envelope', again.body, again.signature)).toBe(true);
    expect(Buffer.from(fromBinary(SignedSchema, frame).body).equals(body)).toBe(true);
  });
});
