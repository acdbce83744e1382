// What the oracle remembers through restarts, whole and of one network at a time: bans, tokens, words of the authority,
// and the checkpoints of others' audit logs.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { Bans, BansDocument } from './bans.ts';
import type { OracleConfig } from './config.ts';
import { bodyOf, isSignedBy, type OracleKeys, type Signed } from './keys.ts';
import { AuthorityWord, MOST_WORDS, SignedWord, type Witness, WitnessOf } from './messages.ts';
import { Wallet, WalletDocument } from './wallet.ts';
import { Watch, WatchDocument } from './watch.ts';

const MOST_WITNESSES = 1_000;

const OracleDocument = Type.Object({
  format: Type.Literal(1),
  network: Type.String({ maxLength: 64 }),
  bans: BansDocument,
  wallet: WalletDocument,
  words: Type.Array(SignedWord, { maxItems: MOST_WORDS }),
  touches: WatchDocument,
  witnesses: Type.Array(WitnessOf, { maxItems: MOST_WITNESSES }),
  /** Of this node's own log. */
  checkpoint: Type.Optional(
    Type.Object({ sequence: Type.Integer({ minimum: 0 }), hash: Type.String({ maxLength: 64 }) }),
  ),
});
type OracleDocument = Static<typeof OracleDocument>;

/** One document in the store. `write` resolves once it is on the disk. */
export interface OracleStorage {
  read(): unknown;
  write(document: unknown): Promise<void>;
}

export interface MemoryParts {
  config: OracleConfig;
  keys: OracleKeys;
  storage: OracleStorage;
  clock: Clock;
  logger: Logger;
  networkSize: () => number;
  isMember: (node: string) => boolean;
}

/** The newest checkpoint of the audit log that a kept memory names. */
export function keptCheckpoint(document: unknown): Witness | undefined {
  return Value.Check(OracleDocument, document) ? document.checkpoint : undefined;
}

export class OracleMemory {
  readonly #parts: MemoryParts;
  bans: Bans;
  wallet: Wallet;
  watch: Watch;
  /** By node. */
  readonly witnesses = new Map<string, Witness>();
  checkpoint: Witness | undefined;
  readonly #words = new Map<string, { signed: Signed; word: AuthorityWord }>();
  #network = '';
  #saving: Promise<void> | undefined;
  #unsaved = false;
  #savedTouches = 0;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
    this.bans = new Bans(this.#bansParts());
    this.wallet = new Wallet(parts.keys, parts.clock);
    this.watch = new Watch(parts.config);
  }

  /** False when what was kept cannot be understood. Once the store is open. */
  load(): boolean {
    const { storage, keys, clock } = this.#parts;
    const stored = storage.read();
    if (stored === undefined) return true;
    if (!Value.Check(OracleDocument, stored)) return false;
    this.#network = stored.network;
    this.bans = new Bans(this.#bansParts(), stored.bans);
    this.wallet = new Wallet(keys, clock, stored.wallet);
    this.watch.restore(stored.touches, clock.now(), clock.wall());
    this.checkpoint = stored.checkpoint;
    for (const { node, sequence, hash } of stored.witnesses) this.witnesses.set(node, { sequence, hash });
    for (const signed of stored.words) {
      const word = bodyOf(AuthorityWord, signed);
      if (word !== undefined) this.#words.set(`${word.kind} ${word.what}`, { signed, word });
    }
    return true;
  }

  /** Id of the network that all this is of; empty before the first. */
  get network(): string {
    return this.#network;
  }

  /** In another network nothing of the former one counts. True when that is so. */
  moveTo(network: string): boolean {
    if (network === this.#network) return false;
    const isMove = this.#network !== '';
    this.#network = network;
    if (!isMove) return false;
    const { keys, clock, config } = this.#parts;
    this.bans = new Bans(this.#bansParts());
    this.wallet = new Wallet(keys, clock);
    this.watch = new Watch(config);
    this.witnesses.clear();
    this.#words.clear();
    return true;
  }

  /** Words of the authority that count, for everybody to pass on. */
  words(): Signed[] {
    const now = this.#parts.clock.wall();
    for (const [key, { word }] of this.#words) if (word.until <= now) this.#words.delete(key);
    return [...this.#words.values()].map(({ signed }) => signed);
  }

  /** The word when it is the authority's, of this network, and newer than what was said of that before. */
  learn(signed: Signed): AuthorityWord | undefined {
    const network = this.#parts.keys.network();
    const word = bodyOf(AuthorityWord, signed);
    if (network === undefined || word === undefined || word.network !== network.id) return undefined;
    if (word.until <= this.#parts.clock.wall()) return undefined;
    const key = `${word.kind} ${word.what}`;
    if ((this.#words.get(key)?.word.at ?? -1) >= word.at) return undefined;
    if (!isSignedBy(this.#parts.keys, 'oracle', network.authority, signed)) return undefined;
    this.#words.delete(key);
    this.#words.set(key, { signed, word });
    const oldest = this.#words.keys().next().value;
    if (this.#words.size > MOST_WORDS && oldest !== undefined) this.#words.delete(oldest);
    return word;
  }

  remember(node: string, witness: Witness): void {
    if ((this.witnesses.get(node)?.sequence ?? -1) >= witness.sequence) return;
    this.witnesses.delete(node);
    this.witnesses.set(node, { sequence: witness.sequence, hash: witness.hash });
    const oldest = this.witnesses.keys().next().value;
    if (this.witnesses.size > MOST_WITNESSES && oldest !== undefined) this.witnesses.delete(oldest);
  }

  /** Resolves when what is known now is on the disk. Rejects when it cannot be written; it is in force all the same. */
  save(): Promise<void> {
    this.#unsaved = true;
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** Writes when the watch has seen more since. */
  saveTouched(): void {
    const count = this.watch.touches;
    if (count === this.#savedTouches) return;
    this.#savedTouches = count;
    this.saveSoon();
  }

  /** The same, for what will be said again if it is lost. */
  saveSoon(): void {
    this.save().catch((error: unknown) => {
      this.#parts.logger.warn({ error: messageOf(error) }, 'the oracle could not write what it knows');
    });
  }

  async #write(): Promise<void> {
    while (this.#unsaved) {
      this.#unsaved = false;
      await this.#parts.storage.write(this.#document());
    }
  }

  #document(): OracleDocument {
    const { clock } = this.#parts;
    return {
      format: 1,
      network: this.#network,
      bans: this.bans.document(),
      wallet: this.wallet.document(),
      words: this.words(),
      touches: this.watch.document(clock.now(), clock.wall()),
      witnesses: [...this.witnesses].map(([node, { sequence, hash }]) => ({ node, sequence, hash })),
      ...(this.checkpoint && { checkpoint: this.checkpoint }),
    };
  }

  #bansParts() {
    const { config, keys, networkSize, isMember } = this.#parts;
    return { self: keys.self, quorum: config.quorum, networkSize, isMember };
  }
}
