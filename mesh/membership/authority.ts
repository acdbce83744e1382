// The node that holds the network's authority: invites that work once, certificates issued, members revoked.

import { createHash, randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { issueCertificate, NODE_NAME } from './certificate.ts';
import type { NodeId, PublicKey, SigningKey } from './keys.ts';
import { CERTIFICATE_LIFETIME } from './network.ts';
import { type MeshState, readDocument } from './state.ts';

const MAX_OPEN_INVITES = 100;
const MAX_MEMBERS = 10_000;
/** A used or expired invite is remembered this long, to say so instead of "unknown". */
const INVITE_MEMORY: Millis = 7 * 24 * 3600_000;

const Invite = Type.Object({
  /** SHA-256 of the secret, hex: the file does not let anybody in. */
  secretHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  name: Type.Optional(Type.String({ maxLength: 63 })),
  expiresAt: Type.Number(),
  usedBy: Type.Optional(Type.String({ maxLength: 80 })),
});

const Member = Type.Object({
  id: Type.String({ maxLength: 80 }),
  name: Type.String({ maxLength: 63 }),
  serial: Type.String({ maxLength: 32 }),
  issuedAt: Type.Number(),
  expiresAt: Type.Number(),
  revoked: Type.Boolean(),
});
export type Member = Static<typeof Member>;

export const AuthorityDocument = Type.Object({
  format: Type.Literal(1),
  network: Type.String({ maxLength: 64 }),
  /** Where the enrolment listener was when invites were made: tokens name it. */
  listen: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: 16 })),
  invites: Type.Array(Invite, { maxItems: 10_000 }),
  members: Type.Array(Member, { maxItems: MAX_MEMBERS }),
});
type AuthorityDocument = Static<typeof AuthorityDocument>;

export const REFUSALS = ['expired', 'used', 'wrong', 'other-network', 'revoked', 'full', 'failed'] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Redeemed = { ok: true; certificate: Uint8Array; name: string } | { ok: false; refusal: Refusal };

export interface AuthorityParts {
  networkId: string;
  key: SigningKey;
  state: MeshState;
  clock: Clock;
}

export class Authority {
  readonly #parts: AuthorityParts;
  #document: AuthorityDocument;

  constructor(parts: AuthorityParts) {
    this.#parts = parts;
    this.#document = { format: 1, network: parts.networkId, invites: [], members: [] };
  }

  async load(): Promise<void> {
    const stored = await readDocument(this.#parts.state, 'authority', AuthorityDocument);
    // A document of the network that this node was in before does not count.
    if (stored?.network === this.#parts.networkId) this.#document = stored;
  }

  /**
   * @param options.expiresIn milliseconds from now
   * @param options.name given to the node instead of the one it asks for
   * @param options.listen where the enrolment listener is, to be there again after a restart
   */
  async createInvite(options: {
    expiresIn: Millis;
    name?: string;
    listen?: string[];
  }): Promise<{ secret: Uint8Array; expiresAt: Millis }> {
    if (options.name !== undefined && !NODE_NAME.test(options.name)) {
      throw new ParlmeshError('NODE_NAME_INVALID', `"${options.name}" cannot name a node`, {
        hint: 'Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
      });
    }
    this.#forgetOldInvites();
    if (this.#openInvites().length >= MAX_OPEN_INVITES) {
      throw new ParlmeshError('INVITES_TOO_MANY', `${MAX_OPEN_INVITES} invites are open`, {
        hint: 'Wait until some are used or have expired',
      });
    }
    const secret = randomBytes(16);
    const expiresAt = this.#parts.clock.wall() + options.expiresIn;
    this.#document.invites.push({
      secretHash: hashOf(secret),
      expiresAt,
      ...(options.name !== undefined && { name: options.name }),
    });
    if (options.listen !== undefined) this.#document.listen = options.listen;
    await this.#save();
    return { secret, expiresAt };
  }

  /** Where the listener was when the last invite was made. */
  get listenedOn(): readonly string[] | undefined {
    return this.#document.listen;
  }

  /** When the last open invite expires; undefined when none is open. */
  inviteOpenUntil(): Millis | undefined {
    const open = this.#openInvites();
    return open.length === 0 ? undefined : Math.max(...open.map((invite) => invite.expiresAt));
  }

  /**
   * Takes an invite's secret and gives the node its certificate. The use is on disk before the answer. The same node
   * may ask again with the same secret (its answer may have been lost); another node is refused.
   */
  async redeem(secret: Uint8Array, node: PublicKey, requestedName: string): Promise<Redeemed> {
    const now = this.#parts.clock.wall();
    const hash = hashOf(secret);
    const invite = this.#document.invites.find((one) => one.secretHash === hash);
    if (invite === undefined) return { ok: false, refusal: 'wrong' };
    const id = node.nodeId;
    if (invite.usedBy !== undefined && invite.usedBy !== id) return { ok: false, refusal: 'used' };
    if (now >= invite.expiresAt) return { ok: false, refusal: 'expired' };
    const { members } = this.#document;
    const known = members.find((member) => member.id === id);
    if (known?.revoked) return { ok: false, refusal: 'revoked' };
    if (known === undefined && members.length >= MAX_MEMBERS) return { ok: false, refusal: 'full' };

    const member: Member = {
      id,
      name: invite.name ?? this.#freeName(NODE_NAME.test(requestedName) ? requestedName : 'node', id),
      serial: randomBytes(8).toString('hex'),
      issuedAt: now,
      expiresAt: now + CERTIFICATE_LIFETIME,
      revoked: false,
    };
    const before = structuredClone(this.#document);
    invite.usedBy = id;
    if (known === undefined) members.push(member);
    else members[members.indexOf(known)] = member;
    try {
      await this.#save();
    } catch {
      this.#document = before;
      return { ok: false, refusal: 'failed' };
    }
    const certificate = issueCertificate(this.#parts.key, { network: this.#parts.networkId, node, ...member });
    return { ok: true, certificate, name: member.name };
  }

  members(): Member[] {
    return this.#document.members.map((member) => ({ ...member }));
  }

  /** Throws `MEMBER_UNKNOWN` when no certificate was issued to `id`. */
  async revoke(id: NodeId): Promise<void> {
    const member = this.#document.members.find((one) => one.id === id);
    if (member === undefined) {
      throw new ParlmeshError('MEMBER_UNKNOWN', `No certificate was issued to ${id}`, {
        hint: 'parlmesh network show lists the members',
      });
    }
    member.revoked = true;
    await this.#save();
  }

  #openInvites(): AuthorityDocument['invites'] {
    const now = this.#parts.clock.wall();
    return this.#document.invites.filter((invite) => invite.usedBy === undefined && invite.expiresAt > now);
  }

  #forgetOldInvites(): void {
    const oldest = this.#parts.clock.wall() - INVITE_MEMORY;
    this.#document.invites = this.#document.invites.filter((invite) => invite.expiresAt > oldest);
  }

  /** People tell nodes apart by name: a second "raspberrypi" becomes "raspberrypi-2". */
  #freeName(wanted: string, id: NodeId): string {
    const taken = new Set(this.#document.members.filter((member) => member.id !== id).map((member) => member.name));
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted.slice(0, 57)}-${count}`;
      if (!taken.has(name)) return name;
    }
  }

  #save(): Promise<void> {
    return this.#parts.state.write('authority', this.#document);
  }
}

const hashOf = (secret: Uint8Array): string => createHash('sha256').update(secret).digest('hex');
