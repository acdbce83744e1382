// Who belongs to the network, as certificates prove it. Every certificate is verified once and remembered.

import type { Clock } from '../../core/clock.ts';
import type { Certificate, CertificateCheck, CertificateNetwork } from './certificate.ts';
import { checkCertificate } from './certificate.ts';
import type { NodeId } from './keys.ts';

export interface MembersParts {
  network: CertificateNetwork;
  clock: Clock;
  isRevoked: (id: NodeId) => boolean;
  /** Certificates remembered at most. */
  most: number;
  /** Left out: every certificate is checked anew until it is known. */
  reader?: CertificateReader | undefined;
}

export interface CertificateReader {
  checkCertificate(bytes: Uint8Array, network: CertificateNetwork, now: number): CertificateCheck;
  /** The bytes to keep. */
  keep(bytes: Uint8Array): Uint8Array;
}

const plainReader: CertificateReader = { checkCertificate, keep: (bytes) => Uint8Array.from(bytes) };

export type MemberCheck = CertificateCheck | { ok: false; fault: 'revoked' };

export class Members {
  readonly #parts: MembersParts;
  readonly #known = new Map<NodeId, { bytes: Uint8Array; certificate: Certificate }>();
  /** Names that nodes give themselves, over those in their certificates. */
  readonly #names = new Map<NodeId, string>();

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  /** @param expected the node that the certificate should be for, where that is known beforehand */
  check(bytes: Uint8Array, expected?: NodeId): MemberCheck {
    const { network, clock, isRevoked, most, reader = plainReader } = this.#parts;
    const now = clock.wall();
    const known = expected === undefined ? undefined : this.#known.get(expected);
    let checked: MemberCheck;
    if (known !== undefined && (known.bytes === bytes || Buffer.compare(known.bytes, bytes) === 0)) {
      checked =
        now < known.certificate.expiresAt
          ? { ok: true, certificate: known.certificate }
          : { ok: false, fault: 'expired', certificate: known.certificate };
    } else {
      checked = reader.checkCertificate(bytes, network, now);
    }
    if (!checked.ok) return checked;
    const { certificate } = checked;
    if (isRevoked(certificate.node)) return { ok: false, fault: 'revoked' };
    const before = this.#known.get(certificate.node);
    if (before?.certificate === certificate) return checked;
    // What somebody said before it was renewed goes round for a while.
    if (before === undefined ? this.#known.size < most : before.certificate.issuedAt <= certificate.issuedAt) {
      this.#known.set(certificate.node, { bytes: reader.keep(bytes), certificate });
    }
    return checked;
  }

  /** Of a member whose newest certificate has expired, that one. */
  expired(id: NodeId): Certificate | undefined {
    const certificate = this.#known.get(id)?.certificate;
    return certificate !== undefined && certificate.expiresAt <= this.#parts.clock.wall() ? certificate : undefined;
  }

  certificates(): Certificate[] {
    return [...this.#known.values()].map(({ certificate }) => certificate);
  }

  rename(id: NodeId, name: string): void {
    if (this.#known.has(id)) this.#names.set(id, name);
  }

  /** For people: the node's name, or the end of its id. */
  nameOf(id: NodeId): string {
    return this.#names.get(id) ?? this.#known.get(id)?.certificate.name ?? `…${id.slice(-8)}`;
  }
}
