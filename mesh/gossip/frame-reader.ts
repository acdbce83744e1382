// How a node makes sense of bytes from others: decoding, signatures, certificates, payloads. One object of its own, so
// that a thousand nodes in one simulation can share the work without sharing any trust.

import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Millis } from '../../core/clock.ts';
import { type CertificateCheck, type CertificateNetwork, checkCertificate } from '../membership/certificate.ts';
import { type NodeId, nodeIdOf, type PublicKey } from '../membership/keys.ts';
import { type OpenedEnvelope, openEnvelope } from './envelope.ts';

/** Node ids that are remembered: base58 costs more than anything else about a frame but its signature. */
const MOST_IDS = 10_000;

export class FrameReader {
  readonly #validators = new Map<TSchema, Validator>();
  readonly #ids = new Map<string, NodeId>();

  open(frame: Uint8Array): OpenedEnvelope | 'oversized' | 'malformed' {
    return openEnvelope(frame);
  }

  idOf(rawPublicKey: Uint8Array): NodeId {
    const key = Buffer.from(rawPublicKey.buffer, rawPublicKey.byteOffset, rawPublicKey.length).toString('latin1');
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = nodeIdOf(rawPublicKey);
      if (this.#ids.size >= MOST_IDS) this.#ids.clear();
      this.#ids.set(key, id);
    }
    return id;
  }

  verify(opened: OpenedEnvelope, key: PublicKey): boolean {
    return key.verify('envelope', opened.body, opened.signature);
  }

  checkCertificate(bytes: Uint8Array, network: CertificateNetwork, now: Millis): CertificateCheck {
    return checkCertificate(bytes, network, now);
  }

  /** The payload as it was sent, undefined when it is no JSON. */
  payload(opened: OpenedEnvelope): unknown {
    return parseJson(opened.payload);
  }

  accepts<S extends TSchema>(schema: S, payload: unknown): payload is Static<S> {
    let validator = this.#validators.get(schema);
    if (validator === undefined) {
      validator = Compile(schema);
      this.#validators.set(schema, validator);
    }
    return validator.Check(payload);
  }

  /** The bytes to keep of a frame or certificate: a transport may use its buffer again. */
  keep(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(bytes);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
