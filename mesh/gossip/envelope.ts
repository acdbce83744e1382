// The envelope: one gossiped message with its origin's signature and certificate. Frames are relayed byte for byte, so
// fields that this version does not know travel on.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Millis } from '../../core/clock.ts';
import type { SigningKey } from '../membership/keys.ts';
import { MAX_FRAME_BYTES } from '../transport/transport.ts';
import { EnvelopeBodySchema, SignedSchema } from '../wire/generated/parlmesh_pb.ts';
import { TOPIC_NAME } from './topics.ts';

export interface Envelope {
  network: string;
  /** 32 bytes. */
  originKey: Uint8Array;
  sequence: number;
  topic: string;
  /** Milliseconds since 1970 by the origin's clock. */
  time: Millis;
  /** Milliseconds after `time`. */
  lifetime: Millis;
  payload: Uint8Array;
}

/** A decoded envelope of which nothing is verified yet. */
export interface OpenedEnvelope extends Envelope {
  /** The exact bytes that are signed. */
  body: Uint8Array;
  signature: Uint8Array;
  certificate: Uint8Array;
}

/** No lifetime is longer: a day. */
const MOST_LIFETIME: Millis = 24 * 3600_000;

export function sealEnvelope(
  envelope: Omit<Envelope, 'originKey'>,
  key: Pick<SigningKey, 'publicKey' | 'sign'>,
  certificate: Uint8Array,
): Uint8Array {
  const body = toBinary(
    EnvelopeBodySchema,
    create(EnvelopeBodySchema, {
      network: envelope.network,
      originKey: key.publicKey.raw,
      sequence: BigInt(envelope.sequence),
      topic: envelope.topic,
      time: BigInt(Math.floor(envelope.time)),
      lifetime: envelope.lifetime,
      payload: envelope.payload,
    }),
  );
  return toBinary(SignedSchema, create(SignedSchema, { body, signature: key.sign('envelope', body), certificate }));
}

/** Never throws; what is not an envelope in every field is `malformed`. */
export function openEnvelope(frame: Uint8Array): OpenedEnvelope | 'oversized' | 'malformed' {
  if (frame.length > MAX_FRAME_BYTES) return 'oversized';
  try {
    const signed = fromBinary(SignedSchema, frame);
    const body = fromBinary(EnvelopeBodySchema, signed.body);
    const sequence = Number(body.sequence);
    const time = Number(body.time);
    const whole =
      signed.signature.length === 64 &&
      body.originKey.length === 32 &&
      body.network.length <= 64 &&
      Number.isSafeInteger(sequence) &&
      Number.isSafeInteger(time) &&
      TOPIC_NAME.test(body.topic) &&
      body.lifetime <= MOST_LIFETIME;
    if (!whole) return 'malformed';
    return {
      network: body.network,
      originKey: body.originKey,
      sequence,
      topic: body.topic,
      time,
      lifetime: body.lifetime,
      payload: body.payload,
      body: signed.body,
      signature: signed.signature,
      certificate: signed.certificate,
    };
  } catch {
    return 'malformed';
  }
}
