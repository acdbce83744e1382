// Where updates arrive on the coordinator: pieces of what a node signed, checked before anything is kept, put together within
// bounds, and handed to the round. Whatever comes, the node is told what became of it, and nothing here throws.

import type { Clock } from '../../../core/clock.ts';
import {
  PIECE_BYTES,
  type Receipt,
  type Refusal,
  type RoundKeys,
  readFrame,
  readJson,
  type SignedText,
  UpdateHeader,
  UpdatePiece,
} from '../messages.ts';
import type { RoundRunner } from './round-runner.ts';
import { keyOf, Uploads } from './uploads.ts';

export interface UpdateDeskParts {
  keys: RoundKeys;
  /** Of this learner, while this node coordinates. */
  runner(learner: string): RoundRunner | undefined;
  /** Whether `node` may stand for these nodes (a regional coordinator). */
  standsFor?(node: string, members: readonly string[]): boolean;
  clock: Clock;
}

/** Signatures that were found right lately: each piece of an update carries the same. */
const MOST_VERIFIED = 1024;

export class UpdateDesk {
  readonly #parts: UpdateDeskParts;
  readonly #uploads: Uploads;
  readonly #verified = new Map<string, UpdateHeader>();
  readonly #refused = new Map<Refusal, number>();
  /** Updates that are being written, by node and round: two that say the same wait for one. */
  readonly #taking = new Map<string, Promise<Receipt>>();
  #bytes = 0;
  #taken = 0;

  constructor(parts: UpdateDeskParts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts.clock);
  }

  figures() {
    return {
      ...{ taken: this.#taken, bytes: this.#bytes, underWay: this.#uploads.count },
      refused: Object.fromEntries(this.#refused),
    };
  }

  clear(): void {
    this.#uploads.clear();
  }

  async receive(origin: string, frame: Uint8Array): Promise<Receipt> {
    const read = readFrame(UpdatePiece, frame);
    if (read === undefined || read.bytes.length > PIECE_BYTES) {
      return this.#refuse(undefined, origin, 'malformed', 'that is no piece of an update');
    }
    this.#bytes += read.bytes.length;
    const { header: signed, offset } = read.header;
    const header = this.#headerOf(origin, signed);
    if ('kind' in header) return header;
    const runner = this.#parts.runner(header.learner);
    if (runner === undefined) {
      const { learner } = header;
      return this.#refuse(undefined, origin, 'not-coordinator', `no rounds of ${learner} are run here now`, true);
    }
    const admission = runner.intake.admit(header);
    if (admission.kind === 'taken') return admission;
    if (admission.kind === 'refused') {
      this.#uploads.end(header);
      return this.#refuse(runner, origin, admission.reason, admission.cause, admission.again);
    }
    const piece = this.#uploads.add(header, signed.body, offset, read.bytes);
    if (piece.kind === 'more') return piece;
    if (piece.kind === 'full') {
      return this.#refuse(runner, origin, 'too-many', 'too many updates are on their way here', true);
    }
    return this.#take(runner, header, signed, piece.data);
  }

  #take(runner: RoundRunner, header: UpdateHeader, signed: SignedText, data: Uint8Array): Promise<Receipt> {
    const key = keyOf(header);
    const under = this.#taking.get(key);
    if (under !== undefined) return under;
    const taking = runner.intake
      .take(header, JSON.stringify(signed), data)
      .catch((): Receipt => ({ kind: 'refused', reason: 'storage', cause: 'the coordinator stops', again: true }))
      .then((receipt): Receipt => {
        this.#taking.delete(key);
        const isLater = receipt.kind === 'refused' && receipt.again;
        // What could not be written now need not travel again.
        if (!isLater || receipt.reason !== 'storage') this.#uploads.end(header);
        if (receipt.kind === 'taken') this.#taken++;
        if (receipt.kind !== 'refused') return receipt;
        return this.#refuse(runner, header.node, receipt.reason, receipt.cause, receipt.again);
      });
    this.#taking.set(key, taking);
    return taking;
  }

  #headerOf(origin: string, signed: SignedText): UpdateHeader | Receipt {
    const key = `${origin} ${signed.signature} ${signed.body}`;
    const known = this.#verified.get(key);
    if (known !== undefined) return known;
    const header = readJson(UpdateHeader, Buffer.from(signed.body));
    if (header === undefined) {
      return this.#refuse(undefined, origin, 'malformed', 'that is no header of an update');
    }
    const { keys, standsFor } = this.#parts;
    const signature = Buffer.from(signed.signature, 'base64');
    if (header.node !== origin || !keys.verify('federation-update', origin, Buffer.from(signed.body), signature)) {
      return this.#refuse(undefined, origin, 'forged', 'it is not signed by the node that sends it');
    }
    if (header.members !== undefined && !standsFor?.(origin, header.members)) {
      return this.#refuse(undefined, origin, 'members', 'that node does not stand for others');
    }
    if (this.#verified.size >= MOST_VERIFIED) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.set(key, header);
    return header;
  }

  #refuse(runner: RoundRunner | undefined, node: string, reason: Refusal, cause: string, again = false): Receipt {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    // What is only put off is no fault of the node.
    if (!again) runner?.refused(node, reason, cause);
    return { kind: 'refused', reason, cause: cause.slice(0, 500), again };
  }
}
