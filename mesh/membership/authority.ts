// What the node with the network's authority keeps: invites that work once, certificates issued and renewed, members
// revoked, who has the newest network key.

import { createHash, randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { type Certificate, issueCertificate, NODE_NAME } from './certificate.ts';
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

/** Who has got the network key of this number. */
const Handover = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  startedAt: Type.Number(),
  /** When the keys before it end, also for those who were away. */
  until: Type.Number(),
  holders: Type.Array(Type.String({ maxLength: 80 }), { maxItems: MAX_MEMBERS }),
  /** All members had it. */
  completedAt: Type.Optional(Type.Number()),
});
export type Handover = Static<typeof Handover>;

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
  handover: Type.Optional(Handover),
});
type AuthorityDocument = Static<typeof AuthorityDocument>;

export const REFUSALS = ['expired', 'used', 'wrong', 'other-network', 'revoked', 'full', 'failed'] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Redeemed = { ok: true; certificate: Uint8Array; name: string } | { ok: false; refusal: Refusal };

/** An expired certificate is renewed this much later, if nobody revoked it: a board may lie in a drawer for a winter. */
export const RENEWAL_GRACE: Millis = 90 * 24 * 3600_000;
/** The authority's clock may have been put right by this much since it issued. */
const CLOCK_TOLERANCE: Millis = 24 * 3600_000;

export type RenewalRefusal = 'revoked' | 'expired' | 'full' | 'clock' | 'failed';
export type Renewed =
  /** Not fresh: what was issued before is handed out again. */
  { ok: true; certificate: Uint8Array; isFresh: boolean } | { ok: false; refusal: RenewalRefusal };

export interface AuthorityParts {
  networkId: string;
  key: SigningKey;
  state: MeshState;
  clock: Clock;
  /** Of certificates. */
  lifetime?: Millis;
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

    const name = invite.name ?? this.#freeName(NODE_NAME.test(requestedName) ? requestedName : 'node', id);
    const certificate = await this.#issue(node, name, () => {
      invite.usedBy = id;
    });
    return certificate === undefined ? { ok: false, refusal: 'failed' } : { ok: true, certificate, name };
  }

  /**
   * A new certificate for one that was shown, once half of its life is over; on disk before it leaves. Who asks again
   * gets the same one, so that neither a lost answer nor a repeated question costs anything.
   * @param grace how long after its end a certificate is renewed
   */
  async renew(shown: Certificate, grace: Millis = RENEWAL_GRACE): Promise<Renewed> {
    const now = this.#parts.clock.wall();
    const { members } = this.#document;
    const known = members.find(({ id }) => id === shown.node);
    if (known?.revoked) return { ok: false, refusal: 'revoked' };
    const newest = known !== undefined && known.issuedAt >= shown.issuedAt ? known : shown;
    if (now < newest.issuedAt - CLOCK_TOLERANCE) return { ok: false, refusal: 'clock' };
    if (now >= newest.expiresAt + grace) return { ok: false, refusal: 'expired' };
    if (now < (newest.issuedAt + newest.expiresAt) / 2) {
      const { name, issuedAt, expiresAt, serial } = newest;
      return { ok: true, certificate: this.#sign(shown.key, { name, issuedAt, expiresAt, serial }), isFresh: false };
    }
    if (known === undefined && members.length >= MAX_MEMBERS) return { ok: false, refusal: 'full' };
    const certificate = await this.#issue(shown.key, newest.name);
    return certificate === undefined ? { ok: false, refusal: 'failed' } : { ok: true, certificate, isFresh: true };
  }

  /** How far the newest network key has got; undefined before the first rotation. */
  get handover(): Handover | undefined {
    return this.#document.handover;
  }

  /** Members that are to have the newest network key and have not said so. */
  missing(): Member[] {
    const { members, handover } = this.#document;
    const now = this.#parts.clock.wall();
    const holders = new Set(handover?.holders);
    return members.filter(({ id, revoked, expiresAt }) => !revoked && expiresAt > now && !holders.has(id));
  }

  /** On disk when it resolves. @param holder the node of the authority itself */
  async beginHandover(number: number, until: Millis, holder: NodeId): Promise<Handover> {
    const handover: Handover = { number, startedAt: this.#parts.clock.wall(), until, holders: [holder] };
    this.#document.handover = handover;
    await this.#save();
    return handover;
  }

  /** A member has the key of this number on disk. True when that is news. */
  async handedOver(id: NodeId, number: number): Promise<boolean> {
    const { handover, members } = this.#document;
    if (handover?.number !== number || handover.holders.includes(id)) return false;
    if (!members.some((member) => member.id === id && !member.revoked)) return false;
    handover.holders.push(id);
    await this.#save();
    return true;
  }

  /** True when that is news: every member has the newest key now, or its time is over. */
  async completeHandover(): Promise<boolean> {
    const { handover } = this.#document;
    if (handover === undefined || handover.completedAt !== undefined) return false;
    const now = this.#parts.clock.wall();
    if (this.missing().length > 0 && now < handover.until) return false;
    handover.completedAt = now;
    await this.#save();
    return true;
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

  /** Enters a new certificate and signs it; undefined when it could not be written. */
  async #issue(node: PublicKey, name: string, alongside: () => void = () => {}): Promise<Uint8Array | undefined> {
    const { clock, lifetime = CERTIFICATE_LIFETIME } = this.#parts;
    const now = Math.floor(clock.wall());
    const id = node.nodeId;
    const serial = randomBytes(8).toString('hex');
    const member: Member = { id, name, serial, issuedAt: now, expiresAt: now + lifetime, revoked: false };
    const before = structuredClone(this.#document);
    const { members } = this.#document;
    alongside();
    const place = members.findIndex((one) => one.id === id);
    if (place === -1) members.push(member);
    else members[place] = member;
    try {
      await this.#save();
    } catch {
      this.#document = before;
      return undefined;
    }
    return this.#sign(node, member);
  }

  #sign(node: PublicKey, facts: Pick<Member, 'name' | 'issuedAt' | 'expiresAt' | 'serial'>): Uint8Array {
    const { key, networkId } = this.#parts;
    return issueCertificate(key, { network: networkId, node, ...facts });
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
