// The policies that a node holds: the packaged one, those that it trained or was given, which of them is current, and which
// was before. Each is checked whole when it comes in, and again when it is read.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import {
  decodePolicy,
  encodePolicy,
  type Lineage,
  type Policy,
  PolicyDocument,
  type PolicySigner,
  type PolicyVerifier,
} from './policy.ts';

const Version = Type.String({ pattern: '^[0-9a-f]{16}$' });

/** How it did in the judgement that brought it in: its mean completion time against the best other scheduler. */
const Merit = Type.Object({ gain: Type.Number(), over: Type.String({ maxLength: 64 }), at: Type.Number() });
export type Merit = Static<typeof Merit>;

export const ShelfDocument = Type.Object({
  current: Version,
  /** The ones that were current before, the newest last. */
  previous: Type.Array(Version, { maxItems: 32 }),
  policies: Type.Array(Type.Object({ document: PolicyDocument, merit: Type.Optional(Merit) }), { maxItems: 32 }),
});
export type ShelfDocument = Static<typeof ShelfDocument>;

export interface ShelfStorage {
  /** What was written last; undefined for nothing. */
  read(): unknown;
  /** Resolves once it is on the disk. */
  write(document: ShelfDocument): Promise<void>;
}

export interface ShelfEntry {
  version: string;
  lineage: Lineage;
  merit?: Merit;
  current: boolean;
}

/** Policies besides the packaged one. */
const MOST_KEPT = 8;
const MOST_PREVIOUS = 16;

interface Kept {
  policy: Policy;
  document: PolicyDocument;
  merit?: Merit;
}

export class PolicyShelf {
  readonly #storage: ShelfStorage;
  readonly #packaged: Policy;
  /** By version; the packaged one is always there. */
  readonly #kept = new Map<string, Kept>();
  #current: string;
  #leftAside = 0;
  #previous: string[] = [];

  /** @param packaged the policy that comes with the package: what a node without any other serves */
  constructor(packaged: PolicyDocument, storage: ShelfStorage) {
    this.#storage = storage;
    this.#packaged = decodePolicy(packaged);
    this.#kept.set(this.#packaged.version, { policy: this.#packaged, document: packaged });
    this.#current = this.#packaged.version;
    this.#load(storage.read());
  }

  get current(): Policy {
    return this.#kept.get(this.#current)?.policy ?? this.#packaged;
  }

  /** What `rollback` goes back to; undefined where there is none. */
  get before(): Policy | undefined {
    const version = this.#previous.findLast((one) => this.#kept.has(one) && one !== this.#current);
    return version === undefined ? undefined : this.#kept.get(version)?.policy;
  }

  /** What was stored and is no policy for this node: documents, 1 for the whole when it could not be read. */
  get leftAside(): number {
    return this.#leftAside;
  }

  /** Current first, then the newest. */
  list(): ShelfEntry[] {
    return [...this.#kept.values()]
      .map(({ policy: { version, lineage }, merit }) => ({
        ...{ version, lineage, current: version === this.#current },
        ...(merit && { merit }),
      }))
      .sort((a, b) => Number(b.current) - Number(a.current) || b.lineage.madeAt - a.lineage.madeAt);
  }

  /** Throws `POLICY_UNKNOWN`, `POLICY_AMBIGUOUS`. @param version or its beginning; the current one when left out */
  document(version: string = this.#current): PolicyDocument {
    return this.#find(version).document;
  }

  policy(version: string): Policy {
    return this.#find(version).policy;
  }

  /** Keeps a policy that was made here. */
  async add(policy: Policy, signer: PolicySigner, merit?: Merit): Promise<void> {
    await this.#keep({ policy, document: encodePolicy(policy, signer), ...(merit && { merit }) });
  }

  /** Keeps a policy from outside. Throws `POLICY_INVALID`. @param verify left out, the operator vouches for it */
  async take(document: unknown, verify?: PolicyVerifier): Promise<Policy> {
    const policy = decodePolicy(document, verify);
    if (!Value.Check(PolicyDocument, document)) throw new Error('decoded, and yet no document');
    await this.#keep({ policy, document });
    return policy;
  }

  /** Makes one the current one. Throws `POLICY_UNKNOWN`. */
  async promote(version: string): Promise<Policy> {
    const { policy } = this.#find(version);
    if (policy.version === this.#current) return policy;
    await this.#change(policy.version, [...this.#previous, this.#current].slice(-MOST_PREVIOUS));
    return policy;
  }

  /** Back to the one before. Throws `POLICY_UNKNOWN` when there is none. */
  async rollback(): Promise<Policy> {
    const before = this.before?.version;
    if (before === undefined) {
      throw new ParlmeshError('POLICY_UNKNOWN', 'No other policy was current before this one', {
        hint: 'parlmesh policy list shows those that are kept; parlmesh policy promote VERSION chooses one',
      });
    }
    await this.#change(before, this.#previous.slice(0, this.#previous.lastIndexOf(before)));
    return this.current;
  }

  /**
   * A policy must not serve any more: the one before becomes current if it is, and nothing goes back to it.
   * @returns whether it was the current one
   */
  async takeBack(version: string): Promise<boolean> {
    const isCurrent = version === this.#current;
    const rest = this.#previous.filter((before) => before !== version && this.#kept.has(before));
    const current = isCurrent ? (rest.pop() ?? this.#packaged.version) : this.#current;
    if (current === version) return false;
    await this.#change(current, rest);
    return isCurrent;
  }

  /** Where it cannot be written down, nothing has changed. */
  async #change(current: string, previous: string[]): Promise<void> {
    const before = { current: this.#current, previous: this.#previous };
    [this.#current, this.#previous] = [current, previous];
    try {
      await this.#write();
    } catch (error) {
      [this.#current, this.#previous] = [before.current, before.previous];
      throw error;
    }
  }

  #find(version: string): Kept {
    const found = [...this.#kept.keys()].filter((known) => known.startsWith(version));
    const [only] = found;
    if (only === undefined || version === '') {
      throw new ParlmeshError('POLICY_UNKNOWN', `There is no policy "${version}"`, {
        hint: 'parlmesh policy list shows those that are kept',
      });
    }
    if (found.length > 1) {
      throw new ParlmeshError('POLICY_AMBIGUOUS', `"${version}" may be ${found.join(', ')}`, {
        hint: 'Give more of its digits',
      });
    }
    return this.#kept.get(only)!;
  }

  async #keep(kept: Kept): Promise<void> {
    const { version } = kept.policy;
    if (version !== this.#packaged.version) {
      this.#kept.delete(version);
      this.#kept.set(version, kept);
    }
    const needed = new Set([this.#packaged.version, this.#current, this.#previous.at(-1), version]);
    for (const old of [...this.#kept.keys()]) {
      if (this.#kept.size <= MOST_KEPT + 1) break;
      if (!needed.has(old)) this.#kept.delete(old);
    }
    try {
      await this.#write();
    } catch (error) {
      if (version !== this.#current) this.#kept.delete(version);
      throw error;
    }
  }

  #write(): Promise<void> {
    const policies = [...this.#kept.values()]
      .filter(({ policy }) => policy.version !== this.#packaged.version)
      .map(({ document, merit }) => ({ document, ...(merit && { merit }) }));
    return this.#storage.write({ current: this.#current, previous: this.#previous, policies });
  }

  /** What is stored may be of an older version of parlmesh: what does not fit is left aside. */
  #load(stored: unknown): void {
    if (!Value.Check(ShelfDocument, stored)) {
      this.#leftAside = stored === undefined ? 0 : 1;
      return;
    }
    for (const { document, merit } of stored.policies) {
      try {
        const policy = decodePolicy(document);
        this.#kept.set(policy.version, { policy, document, ...(merit && { merit }) });
      } catch {
        // Made for other observations, or damaged: it cannot serve any more.
        this.#leftAside++;
      }
    }
    this.#previous = [...stored.previous];
    if (this.#kept.has(stored.current)) this.#current = stored.current;
  }
}
