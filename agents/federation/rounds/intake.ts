// How an update comes into a round: looked at, written down, counted, acknowledged, in this order. Killed between any two, the
// update is there once or not at all, and the node, which sends until it is told, is told the truth.

import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Learner } from '../learner.ts';
import { type Receipt, sha256, type UpdateHeader } from '../messages.ts';
import type { FederationStorage } from '../storage.ts';
import { type Admission, admit } from './arrival.ts';
import type { Reputation, UpdateCodec } from './ports.ts';
import type { RoundEvent, RoundState } from './round.ts';
import { headerOf } from './round-work.ts';

export interface IntakeParts {
  self: string;
  learner: Learner;
  storage: FederationStorage;
  codecs: ReadonlyMap<string, UpdateCodec>;
  reputation?: Reputation;
  staleness(): number;
  rounds(): { current: RoundState | undefined; past: readonly RoundState[] };
  /** Resolves once it has had its effect. */
  post(event: RoundEvent): Promise<void>;
  /** Nothing could be written. */
  stuck(): void;
}

type Refused = Extract<Receipt, { kind: 'refused' }>;

export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** A header whose signature was checked: may its update come? */
  admit(header: UpdateHeader): Admission {
    const { self, learner, codecs, staleness, rounds } = this.#parts;
    const admission = admit(header, { self, learner, ...rounds(), staleness: staleness() });
    if (admission.kind !== 'open' || codecs.has(header.codec)) return admission;
    return refused('codec', `nobody here reads updates packed as "${header.codec}"`);
  }

  /**
   * All bytes are here: resolves once the update is on the disk and counts, or with why not.
   * @param signed JSON text of the header with its signature
   */
  async take(header: UpdateHeader, signed: string, data: Uint8Array): Promise<Receipt> {
    const { learner, storage, rounds, stuck } = this.#parts;
    if (sha256(data) !== header.digest) return refused('wrong-digest', 'the bytes are not those that were signed');
    const admission = this.admit(header);
    if (admission.kind !== 'open') return admission;
    const wrong = this.#inspect(header, data);
    if (wrong !== undefined) return wrong;
    const round = rounds().current!.facts.number;
    try {
      const isNew = await storage.putUpdate({ learner: learner.name, round, node: header.node, header: signed, data });
      const isThis = isNew || (await this.#isKept(header, round));
      if (!isThis) return refused('duplicate', `another update of it is in round ${round}`);
    } catch (thrown) {
      // The round stands still until something can be written again, and so loses nobody who cannot deliver now.
      stuck();
      return { ...refused('storage', messageOf(thrown)), again: true };
    }
    await this.count(header, admission.late);
    const after = this.admit(header);
    // Closed while it was being written: it counts nowhere, or (asynchronous) in the next.
    return after.kind === 'open' ? { ...refused('closed', 'the round went on meanwhile'), again: true } : after;
  }

  /** It is on the disk: from now on it counts. */
  async count(header: UpdateHeader, late: number): Promise<void> {
    const { node, id, digest, examples, bytes, metrics } = header;
    const trust = this.#parts.reputation?.of(this.#parts.learner.name, node) ?? 1;
    await this.#parts.post({ kind: 'arrived', node, update: { id, late, digest, examples, trust, bytes, metrics } });
  }

  #inspect({ codec }: UpdateHeader, data: Uint8Array): Refused | undefined {
    const { learner, codecs } = this.#parts;
    try {
      codecs.get(codec)?.unpack(data, { learner: learner.name, format: learner.format, size: learner.size });
      return undefined;
    } catch (thrown) {
      const isNotFinite = thrown instanceof ParlmeshError && thrown.code === 'UPDATE_NOT_FINITE';
      return refused(isNotFinite ? 'not-finite' : 'wrong-shape', messageOf(thrown));
    }
  }

  async #isKept({ node, digest }: UpdateHeader, round: number): Promise<boolean> {
    const rows = await this.#parts.storage.updates(this.#parts.learner.name, round);
    return rows.some((row) => row.node === node && headerOf(row.header)?.digest === digest);
  }
}

const refused = (reason: Refused['reason'], cause: string): Refused => {
  return { kind: 'refused', reason, cause: cause.slice(0, 500), again: false };
};
