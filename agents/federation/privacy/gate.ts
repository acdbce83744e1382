// The one door through which the federation's data leave a node. It keeps the node's own clip and noise whatever a
// coordinator asks, asks the owner where that is wished, charges the account on the disk before anything may be sent, and
// writes the ledger. The decisions are pure (`account.ts`, `consent.ts`); this carries them out.

import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import {
  type Budget,
  begunAnew,
  charge,
  type Epsilon,
  epsilonsOf,
  openAccount,
  type PrivacyAccount,
  type Proposal,
  propose,
  readAccount,
  renewed,
} from './account.ts';
import { type ProtectedUpdate, type Protection, protectUpdate } from './clip-and-noise.ts';
import {
  type ConsentChoice,
  checkPrivacyConfig,
  LEAVING_KINDS,
  type LeavingKind,
  type PrivacyConfig,
} from './config.ts';
import { askToLeave, type Contribution, choiceFor, decide, type HeldContribution, withoutExpired } from './consent.ts';
import type { DocumentStorage } from './document-storage.ts';
import { readHeld, textOfHeld } from './kept-held.ts';
import { Ledger, type LedgerEntry, type LedgerSums } from './ledger.ts';
import { readOverrides } from './overrides.ts';
import { type AskedProtection, contributionOf, type Leaving, type Outlook, type Release } from './release.ts';
import type { SecretSource } from './secret-numbers.ts';

const HOUR: Millis = 3600_000;

export interface PrivacyGateParts {
  /** As it is now: a reload counts from the next contribution. */
  config(): PrivacyConfig;
  storage: DocumentStorage;
  clock: Clock;
  journal: Journal;
  /** `randomBytes` of node:crypto. */
  secrets: SecretSource;
}

export class PrivacyGate {
  readonly #parts: PrivacyGateParts;
  readonly #ledger: Ledger;
  #overrides: Record<string, ConsentChoice>;
  readonly #accounts = new Map<string, PrivacyAccount>();
  #held: readonly HeldContribution[];
  /** Updates that this gate protected and that have not left yet. */
  readonly #fresh = new WeakSet<ProtectedUpdate>();
  readonly #outOfBudget = new Set<string>();
  /** One release after the other: two must not both find the same budget. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: PrivacyGateParts,
    ledger: Ledger,
    overrides: Record<string, ConsentChoice>,
    held: readonly HeldContribution[],
  ) {
    this.#held = held;
    this.#parts = parts;
    this.#ledger = ledger;
    this.#overrides = overrides;
  }

  /** Throws `PRIVACY_CONFIG_CONTRADICTION`; rejects when the storage does. */
  static async open(parts: PrivacyGateParts): Promise<PrivacyGate> {
    checkPrivacyConfig(parts.config());
    const overrides = readOverrides(await parts.storage.document(OVERRIDES));
    const held = readHeld(await parts.storage.document(HELD), timesOf(parts));
    return new PrivacyGate(parts, await Ledger.open(parts.storage), overrides, held);
  }

  /** Before training: is taking part possible, and what would it cost? Charges nothing. */
  async outlook(learner: string, asked: AskedProtection = {}): Promise<Outlook> {
    const config = this.#parts.config();
    const protection = this.protection(asked);
    const consent = Object.fromEntries(
      LEAVING_KINDS.map((kind) => [kind, choiceFor(config, this.#overrides, learner, kind)]),
    ) as Record<LeavingKind, ConsentChoice>;
    const now = this.#parts.clock.wall();
    let account: PrivacyAccount;
    try {
      account = await this.#account(learner);
    } catch (thrown) {
      const next = { kind: 'refused', reason: 'account-unreadable', sentence: messageOf(thrown) } as const;
      return { consent, protection, next, budget: config.budget, epsilonEver: undefined, participations: 0 };
    }
    const next = propose(account, protection.noise, budgetOf(config), now);
    this.#noteBudget(learner, next);
    const { ever } = epsilonsOf(renewed(account, budgetOf(config), now), config.delta);
    const { participations } = account;
    return { consent, protection, next, budget: config.budget, epsilonEver: ever, participations };
  }

  /** The stricter of what this node keeps to and what is asked. */
  protection(asked: AskedProtection = {}): Protection {
    const { clip, noise } = this.#parts.config();
    return { clip: Math.min(clip, asked.clip ?? clip), noise: Math.max(noise, asked.noise ?? 0) };
  }

  /** Clipped and with noise: the only kind of update that `release` lets out. `share` as in `protectUpdate`. */
  protect(delta: Float32Array, asked: AskedProtection = {}): ProtectedUpdate {
    return this.#protect(delta, this.protection(asked), 1);
  }

  /**
   * For a secure group on the grid of `clip`, with this node's part of the noise. Throws `PRIVACY_TERMS_TOO_WEAK` when
   * that is less than this node keeps to.
   * @param added noise of this node in clips, `counted` of the sum, as `groupNoise` of `secure/` says
   */
  protectForGroup(
    delta: Float32Array,
    clip: number,
    noise: { added: number; counted: number },
    share: number,
  ): ProtectedUpdate {
    const own = this.#parts.config();
    const least = own.spread === 'group' ? noise.counted : noise.added;
    if (clip > own.clip || least < own.noise) {
      throw new ParlmeshError(
        'PRIVACY_TERMS_TOO_WEAK',
        `The round clips to ${clip} with noise ${least}; this node keeps to ${own.clip} and ${own.noise}`,
      );
    }
    return this.#protect(delta, { clip, noise: noise.added }, share);
  }

  /**
   * May these bytes leave? Resolves with `leave` only once that is charged and written down. Never rejects.
   * A crash after it charges for what was not sent, never the other way; the same bytes for the same round are free.
   */
  release(leaving: Leaving): Promise<Release> {
    const result = this.#queue.then(() => this.#release(leaving));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** What waits for the owner, oldest first. */
  held(): readonly HeldContribution[] {
    this.#held = withoutExpired(this.#held, this.#parts.clock.now());
    return this.#held;
  }

  /** Resolves once it is on the disk. Rejects with `CONTRIBUTION_NOT_HELD` when nothing of that id waits. */
  decide(id: string, state: 'approved' | 'denied'): Promise<void> {
    const result = this.#queue.then(() => this.#decide(id, state));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** The owner's word while running; `undefined` goes back to the configuration. Resolves once it is on the disk. */
  async setConsent(learner: string, kind: LeavingKind, choice: ConsentChoice | undefined): Promise<void> {
    const key = `${learner}/${kind}`;
    const { [key]: _, ...others } = this.#overrides;
    const overrides = choice === undefined ? others : { ...others, [key]: choice };
    await this.#parts.storage.putDocument(OVERRIDES, JSON.stringify(overrides));
    this.#overrides = overrides;
    const word = choice ?? `as configured (${choiceFor(this.#parts.config(), overrides, learner, kind)})`;
    this.#record('info', 'federation.consent', learner, `The owner set ${kind} of ${learner} to ${word}`);
  }

  /** What left, newest first, and all that ever left by `learner/kind`. */
  ledger(limit: number): { entries: LedgerEntry[]; sums: LedgerSums } {
    return { entries: this.#ledger.entries(limit), sums: this.#ledger.sums() };
  }

  /**
   * For the owner: a new period of the budget now. Where the account cannot be read it begins at nothing, and what was spent
   * before is unknown. Resolves once it is on the disk.
   */
  beginAccount(learner: string): Promise<void> {
    const result = this.#queue.then(() => this.#beginAccount(learner));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #beginAccount(learner: string): Promise<void> {
    const { clock, storage, config } = this.#parts;
    const before = await this.#account(learner).catch((thrown: unknown) => {
      if (thrown instanceof ParlmeshError && thrown.code === 'PRIVACY_ACCOUNT_UNREADABLE') return undefined;
      throw thrown;
    });
    const now = clock.wall();
    const account = before === undefined ? openAccount(learner, now) : begunAnew(before, now);
    await storage.putDocument(accountName(learner), JSON.stringify(account));
    this.#accounts.set(learner, account);
    const spent = before && epsilonsOf(before, config().delta).inPeriod;
    const known = spent === undefined ? 'an unknown ε' : `ε ${spent.toFixed(2)}`;
    const message = `The owner began a new period of the privacy budget of ${learner}: ${known} was given away in the last one`;
    this.#record('warning', 'federation.account', learner, message);
  }

  #protect(delta: Float32Array, protection: Protection, share: number): ProtectedUpdate {
    const update = protectUpdate(delta, protection, this.#parts.secrets, share);
    this.#fresh.add(update);
    return update;
  }

  async #release(leaving: Leaving): Promise<Release> {
    const { learner, kind, from } = leaving;
    const contribution = contributionOf(leaving);
    const choice = choiceFor(this.#parts.config(), this.#overrides, learner, kind);
    const noise = from !== undefined && this.#fresh.has(from) ? from.noise : undefined;
    const answer = askToLeave(this.#held, choice, contribution, timesOf(this.#parts), noise);
    if (answer.kind === 'waiting' && answer.isNew) {
      const cause = await this.#keepHeld(answer.held).then(() => undefined, messageOf);
      if (cause !== undefined) return { kind: 'refused', reason: 'not-written', sentence: cause };
    }
    this.#held = answer.held;
    if (answer.kind === 'refused') {
      return {
        kind: 'refused',
        reason: answer.reason,
        sentence: `${kind} of ${learner}: ${CONSENT_SENTENCES[answer.reason]}`,
      };
    }
    if (answer.kind === 'waiting') {
      const sentence = `${kind} of ${learner} for round ${leaving.round} wait for the owner: ${contribution.bytes} bytes of ${contribution.examples} examples (parlmesh federation approve ${answer.entry.id})`;
      if (answer.isNew) this.#record('info', 'federation.held', learner, sentence);
      return { kind: 'held', id: answer.entry.id, sentence };
    }
    try {
      return kind === 'updates'
        ? await this.#charge(leaving, contribution, answer.entry)
        : await this.#write(contribution, {});
    } catch (thrown) {
      const reason =
        thrown instanceof ParlmeshError && thrown.code === 'PRIVACY_ACCOUNT_UNREADABLE'
          ? 'account-unreadable'
          : 'not-written';
      return { kind: 'refused', reason, sentence: messageOf(thrown) };
    }
  }

  /** @param approved the same, as it waited: it may have been protected before a restart */
  async #charge(leaving: Leaving, contribution: Contribution, approved?: HeldContribution): Promise<Release> {
    const { learner, term, round, from, secure } = leaving;
    const config = this.#parts.config();
    const before = await this.#account(learner);
    const own = from === undefined ? approved?.noise : this.#fresh.has(from) ? from.noise : undefined;
    const fresh = own !== undefined;
    const noise = fresh ? Math.max(own, config.spread === 'group' ? (secure?.countedNoise ?? 0) : 0) : 0;
    const paid = charge(
      before,
      { term, round, digest: contribution.digest, noise },
      budgetOf(config),
      this.#parts.clock.wall(),
    );
    const known = paid.kind === 'again' || (paid.kind === 'refused' && paid.reason === 'other-bytes');
    if (!fresh && !known) {
      return {
        kind: 'refused',
        reason: 'unprotected',
        sentence: `${learner}: an update for round ${round} that this node did not clip, or whose noise has left already`,
      };
    }
    if (paid.kind === 'refused') {
      const { reason, sentence, possibleAt } = paid;
      return { kind: 'refused', reason, sentence, ...(possibleAt === undefined ? {} : { possibleAt }) };
    }
    if (paid.account !== before) {
      await this.#parts.storage.putDocument(accountName(learner), JSON.stringify(paid.account));
      this.#accounts.set(learner, paid.account);
    }
    if (paid.kind === 'again') {
      // The node may have died between the charge and the ledger; and a coordinator that took over is another reader.
      if (!this.#ledger.has(contribution)) await this.#write(contribution, { epsilon: paid.epsilonAfter });
      return { kind: 'leave', again: true, epsilonAfter: paid.epsilonAfter };
    }
    if (from !== undefined) this.#fresh.delete(from);
    return this.#write(
      { ...approved, ...contribution },
      { noise, epsilon: paid.epsilonAfter, secure: secure !== undefined },
    );
  }

  async #write(
    { learner, kind, to, term, round, bytes, examples, norm }: Contribution,
    { noise, epsilon, secure = false }: { noise?: number; epsilon?: Epsilon; secure?: boolean },
  ): Promise<Release> {
    await this.#ledger.append({
      at: this.#parts.clock.wall(),
      ...{ learner, kind, to, term, round, bytes, examples, secure },
      ...(norm === undefined ? {} : { norm }),
      ...(noise === undefined ? {} : { noise }),
      ...(epsilon === undefined ? {} : { epsilon }),
    });
    return { kind: 'leave', again: false, epsilonAfter: epsilon };
  }

  async #account(learner: string): Promise<PrivacyAccount> {
    const known = this.#accounts.get(learner);
    if (known !== undefined) return known;
    const text = await this.#parts.storage.document(accountName(learner));
    const account = text === undefined ? openAccount(learner, this.#parts.clock.wall()) : readAccount(learner, text);
    this.#accounts.set(learner, account);
    return account;
  }

  #keepHeld(held: readonly HeldContribution[]): Promise<void> {
    return this.#parts.storage.putDocument(HELD, textOfHeld(held));
  }

  async #decide(id: string, state: 'approved' | 'denied'): Promise<void> {
    const held = decide(this.#held, id, state, this.#parts.clock.now());
    if (held === undefined) {
      throw new ParlmeshError('CONTRIBUTION_NOT_HELD', `Nothing waits under ${id}: it was decided, or has expired`, {
        hint: 'parlmesh federation privacy lists what waits',
      });
    }
    await this.#keepHeld(held);
    this.#held = held;
  }

  /** The journal hears of a spent budget once, and of its renewal. */
  #noteBudget(learner: string, next: Proposal): void {
    const spent = next.kind === 'refused';
    if (spent === this.#outOfBudget.has(learner)) return;
    if (spent) {
      this.#outOfBudget.add(learner);
      this.#record('warning', 'federation.budget', learner, `Out of the rounds of ${learner}: ${next.sentence}`);
    } else {
      this.#outOfBudget.delete(learner);
      this.#record('info', 'federation.budget', learner, `The privacy budget of ${learner} allows rounds again`);
    }
  }

  #record(severity: 'info' | 'warning', kind: string, learner: string, message: string): void {
    this.#parts.journal.record({ severity, kind, subject: `learner/${learner}`, message });
  }
}

const OVERRIDES = 'privacy-consent';
const HELD = 'privacy-held';

const timesOf = ({ clock, config }: Pick<PrivacyGateParts, 'clock' | 'config'>) => ({
  ...{ now: clock.now(), wall: clock.wall(), lifetime: config().holdFor * HOUR },
});

const accountName = (learner: string): string => `privacy-account-${learner}`;

const CONSENT_SENTENCES = {
  denied: 'the owner of this node denies it',
  'too-many-held': 'too much waits for the owner already (parlmesh federation privacy)',
} as const;

const budgetOf = ({ budget, delta, renewal }: PrivacyConfig): Budget => ({ epsilon: budget, delta, renewal });
