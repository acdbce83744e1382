// One reader for all nodes of a simulation. Each frame is decoded and each signature verified once, by real keys: what
// is shared is the work, and a forged frame is found out as ever.

import type { Static, TSchema } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import type { OpenedEnvelope } from '../gossip/envelope.ts';
import { FrameReader } from '../gossip/frame-reader.ts';
import type { CertificateCheck, CertificateNetwork } from '../membership/certificate.ts';
import type { NodeId, PublicKey } from '../membership/keys.ts';

/** Frames that are recognised when they come again as a copy, in an answer of a neighbour. */
const MOST_RECENT = 20_000;

/** Frames are told apart as objects: nobody in a simulation may change one in place. */
export class SharedReader extends FrameReader {
  readonly #opened = new WeakMap<Uint8Array, OpenedEnvelope | 'oversized' | 'malformed'>();
  readonly #recent = new Map<string, { frame: Uint8Array; opened: OpenedEnvelope | 'oversized' | 'malformed' }>();
  readonly #originals = new WeakMap<Uint8Array, Uint8Array>();
  readonly #ids = new Map<string, NodeId>();
  readonly #idsOfObjects = new WeakMap<Uint8Array, NodeId>();
  readonly #verified = new WeakMap<OpenedEnvelope, { key: PublicKey; good: boolean }>();
  readonly #payloads = new WeakMap<OpenedEnvelope, { payload: unknown }>();
  readonly #schemas = new WeakMap<object, { schema: TSchema; accepted: boolean }>();
  readonly #certificates = new Map<string, CertificateCheck>();
  readonly #checkedObjects = new WeakMap<Uint8Array, CertificateCheck>();

  override open(frame: Uint8Array): OpenedEnvelope | 'oversized' | 'malformed' {
    const known = this.#opened.get(frame);
    if (known !== undefined) return known;
    const text = asText(frame);
    let same = this.#recent.get(text);
    if (same === undefined) {
      same = { frame, opened: super.open(frame) };
      this.#recent.set(text, same);
      const [oldest] = this.#recent.keys();
      if (this.#recent.size > MOST_RECENT && oldest !== undefined) this.#recent.delete(oldest);
    }
    this.#opened.set(frame, same.opened);
    if (same.frame !== frame) this.#originals.set(frame, same.frame);
    return same.opened;
  }

  override idOf(rawPublicKey: Uint8Array): NodeId {
    const known = this.#idsOfObjects.get(rawPublicKey);
    if (known !== undefined) return known;
    const key = asText(rawPublicKey);
    const id = this.#ids.get(key) ?? super.idOf(rawPublicKey);
    this.#ids.set(key, id);
    this.#idsOfObjects.set(rawPublicKey, id);
    return id;
  }

  override verify(opened: OpenedEnvelope, key: PublicKey): boolean {
    const known = this.#verified.get(opened);
    if (known?.key === key) return known.good;
    const good = super.verify(opened, key);
    this.#verified.set(opened, { key, good });
    return good;
  }

  /** All nodes are of one network; a certificate's age does not change much in a simulation. */
  override checkCertificate(bytes: Uint8Array, network: CertificateNetwork, now: Millis): CertificateCheck {
    const known = this.#checkedObjects.get(bytes);
    if (known !== undefined) return known;
    const key = asText(bytes);
    const checked = this.#certificates.get(key) ?? super.checkCertificate(bytes, network, now);
    this.#certificates.set(key, checked);
    this.#checkedObjects.set(bytes, checked);
    return checked;
  }

  override payload(opened: OpenedEnvelope): unknown {
    let known = this.#payloads.get(opened);
    if (known === undefined) {
      known = { payload: super.payload(opened) };
      this.#payloads.set(opened, known);
    }
    return known.payload;
  }

  override accepts<S extends TSchema>(schema: S, payload: unknown): payload is Static<S> {
    if (typeof payload !== 'object' || payload === null) return super.accepts(schema, payload);
    const known = this.#schemas.get(payload);
    if (known?.schema === schema) return known.accepted;
    const accepted = super.accepts(schema, payload);
    this.#schemas.set(payload, { schema, accepted });
    return accepted;
  }

  override keep(bytes: Uint8Array): Uint8Array {
    return this.#originals.get(bytes) ?? bytes;
  }
}

const asText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
