// Invites from making to use: keeps the enrolment listener open exactly while somebody may come.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Authority, Member } from './authority.ts';
import { EnrolmentServer } from './enrolment.ts';
import type { SigningKey } from './keys.ts';
import type { Credentials } from './network.ts';
import type { KnownAddress } from './state.ts';
import { encodeToken } from './token.ts';

export interface InviterParts {
  key: SigningKey;
  credentials: () => Credentials;
  authority: Authority;
  /** Multiaddresses of the enrolment listener. */
  listen: string[];
  timeout: Millis;
  peers: () => KnownAddress[];
  clock: Clock;
  journal: Journal;
}

/** The newcomer's answer must be out before the listener closes; and who takes a used token soon after is told so. */
const LINGER: Millis = 60_000;
/** Timers of the system do not reach further than 24 days. */
const LONGEST_TIMER: Millis = 24 * 3600_000;

export class Inviter {
  readonly #parts: InviterParts;
  readonly #server: EnrolmentServer;
  #timer: Timer | undefined;
  #opening: Promise<void> | undefined;

  constructor(parts: InviterParts) {
    this.#parts = parts;
    const { authority, journal } = parts;
    this.#server = new EnrolmentServer({
      ...parts,
      enrolled: (id, name) => {
        this.#closeLater(LINGER);
        journal.record({
          severity: 'info',
          kind: 'mesh.member',
          subject: `peer/${id}`,
          message: `${name} used an invite and is now a member of "${parts.credentials().network.name}"`,
          data: { members: authority.members().length + 1 },
        });
      },
      refused: (id, refusal) =>
        journal.record({
          severity: 'warning',
          kind: 'mesh.enrol-refused',
          subject: `peer/${id}`,
          message: `A node that wanted to join was refused: ${refusal}`,
        }),
    });
  }

  /** Opens the listener when an invite of an earlier life is open. */
  async start(): Promise<void> {
    if (this.#parts.authority.inviteOpenUntil() !== undefined) await this.#open();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#opening?.catch(() => {});
    await this.#server.close();
  }

  async createInvite(options: { expiresIn: Millis; name?: string }): Promise<{ token: string; expiresAt: Millis }> {
    const { authority, journal } = this.#parts;
    const credentials = this.#parts.credentials();
    await this.#open();
    const listen = this.#server.listeningOn();
    const { secret, expiresAt } = await authority.createInvite({ ...options, listen });
    const token = encodeToken({
      network: credentials.network,
      authority: credentials.authority.raw,
      addresses: this.#server.addresses(),
      secret,
      expiresAt,
    });
    this.#closeLater(options.expiresIn);
    journal.record({
      severity: 'info',
      kind: 'mesh.invite',
      subject: 'service/mesh',
      message: `An invite to "${credentials.network.name}" was made${options.name === undefined ? '' : ` for ${options.name}`}; it works once until ${new Date(expiresAt).toISOString()}`,
    });
    return { token, expiresAt };
  }

  members(): Member[] {
    return this.#parts.authority.members();
  }

  async #open(): Promise<void> {
    if (this.#server.isOpen) return;
    const { authority } = this.#parts;
    const before = authority.inviteOpenUntil() === undefined ? undefined : authority.listenedOn;
    this.#opening ??= this.#server.open(before).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
    this.#closeLater(LINGER);
  }

  #closeLater(after: Millis): void {
    const { clock, authority } = this.#parts;
    this.#timer?.cancel();
    this.#timer = clock.after(Math.min(after, LONGEST_TIMER), () => {
      const until = authority.inviteOpenUntil();
      if (until !== undefined) this.#closeLater(Math.max(LINGER, until - clock.wall()));
      else void this.#server.close();
    });
  }
}
