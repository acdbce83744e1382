// Certificates: the authority's signed word that a node belongs to the network.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Millis } from '../../core/clock.ts';
import { CertificateBodySchema, SignedSchema } from '../wire/generated/parlmesh_pb.ts';
import { type NodeId, PublicKey, type SigningKey } from './keys.ts';

export interface Certificate {
  network: string;
  node: NodeId;
  name: string;
  /** Milliseconds since 1970. */
  issuedAt: Millis;
  expiresAt: Millis;
  serial: string;
  /** The key of `node`. */
  key: PublicKey;
}

export type CertificateFault = 'malformed' | 'other-network' | 'forged' | 'expired';

export type CertificateCheck =
  | { ok: true; certificate: Certificate }
  /** It was good: whose it is, is proven. */
  | { ok: false; fault: 'expired'; certificate: Certificate }
  | { ok: false; fault: Exclude<CertificateFault, 'expired'> };

/** What a certificate is checked against. */
export interface CertificateNetwork {
  id: string;
  authority: PublicKey;
}

export const MAX_CERTIFICATE_BYTES = 512;

/** 1 to 63 characters, as `name` in the configuration. */
export const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function issueCertificate(
  authority: SigningKey,
  facts: { network: string; node: PublicKey; name: string; issuedAt: Millis; expiresAt: Millis; serial: string },
): Uint8Array {
  const body = toBinary(
    CertificateBodySchema,
    create(CertificateBodySchema, {
      network: facts.network,
      nodeKey: facts.node.raw,
      name: facts.name,
      issuedAt: BigInt(facts.issuedAt),
      expiresAt: BigInt(facts.expiresAt),
      serial: facts.serial,
    }),
  );
  return toBinary(SignedSchema, create(SignedSchema, { body, signature: authority.sign('certificate', body) }));
}

/**
 * Decodes and checks against the network, its authority and the time. One from the future counts: it is this clock that
 * is behind, or was the authority's that ran ahead, and refusing it would only lock out boards without a battery-backed
 * clock. Never throws.
 */
export function checkCertificate(bytes: Uint8Array, network: CertificateNetwork, now: Millis): CertificateCheck {
  if (bytes.length === 0 || bytes.length > MAX_CERTIFICATE_BYTES) return { ok: false, fault: 'malformed' };
  try {
    const signed = fromBinary(SignedSchema, bytes);
    const body = fromBinary(CertificateBodySchema, signed.body);
    if (body.network !== network.id) return { ok: false, fault: 'other-network' };
    if (!network.authority.verify('certificate', signed.body, signed.signature)) return { ok: false, fault: 'forged' };
    if (!NODE_NAME.test(body.name)) return { ok: false, fault: 'malformed' };
    const key = new PublicKey(body.nodeKey);
    const certificate: Certificate = {
      network: body.network,
      node: key.nodeId,
      name: body.name,
      issuedAt: Number(body.issuedAt),
      expiresAt: Number(body.expiresAt),
      serial: body.serial,
      key,
    };
    if (now >= certificate.expiresAt) return { ok: false, fault: 'expired', certificate };
    return { ok: true, certificate };
  } catch {
    return { ok: false, fault: 'malformed' };
  }
}
