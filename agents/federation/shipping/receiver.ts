// The coordinator's side: takes batches of experience, each row once, and tells the sender up to which number all have come.
// Bounded for each sender and for all together; a thousand take turns. Never throws for what somebody sends.

import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { AgentNetwork } from '../../network.ts';
import type { ExperienceRow } from '../../parl/experience-storage.ts';
import { readFrame } from '../messages.ts';
import { EXPERIENCE_WINDOW, type FederationStorage } from '../storage.ts';
import type { ShippingConfig } from './config.ts';
import { Gate } from './gate.ts';
import {
  AnyBatch,
  Batch,
  EXPERIENCE_SERVICE,
  type Receipt,
  SHIPPING_FORMAT,
  SHIPPING_REFUSALS,
  type ShippedRow,
  type ShippingRefusal,
  schemaOf,
  writeReceipt,
} from './messages.ts';
import { RowPieces } from './row-pieces.ts';

export interface ExperienceReceiverParts {
  network: Pick<AgentNetwork, 'handle'>;
  storage: Pick<FederationStorage, 'putExperience' | 'received' | 'skipTo'>;
  /** Whether this node coordinates now. */
  coordinates: () => boolean;
  /** Why nothing is taken from that node (no member, banned), or undefined when it is. */
  refuses: (node: string) => string | undefined;
  /** What of decisions can be learned from here, as `schemaOf` tells it. */
  schema: string;
  /** How many decisions a row holds. Throws for bytes that are none. */
  count: (data: Uint8Array) => number;
  config: Pick<ShippingConfig, 'takeBytesPerSecond' | 'takeBytesPerHour'>;
  clock: Clock;
  logger: Logger;
}

export interface ReceiverFigures {
  rows: number;
  decisions: number;
  bytes: number;
  /** Rows that had come before. */
  duplicates: number;
  /** Numbers of which the senders said that nothing will come. */
  skipped: number;
  refused: Record<ShippingRefusal, number>;
  /** Senders that wait for their turn. */
  waiting: number;
}

/** A frame that is longer is not even looked at. */
const MOST_FRAME = 64 * 1024;
/** Batches that are being stored. */
const MOST_UNDER_WAY = 64;
const BUSY_WAIT: Millis = 1000;
const STORE_WAIT: Millis = 15_000;
const LONG_WAIT: Millis = 600_000;
/** Clocks that are so far apart are made good; less may be the way. */
const CLOCK_TOLERANCE: Millis = 60_000;
const HOUR = 3600;

interface Refusal {
  reason: ShippingRefusal;
  message: string;
  received?: number;
  wait?: Millis;
  sequence?: number;
}

export class ExperienceReceiver {
  readonly #parts: ExperienceReceiverParts;
  readonly #gate: Gate;
  readonly #pieces = new RowPieces();
  /** Senders whose batch is being stored. */
  readonly #underWay = new Set<string>();
  readonly #counted = { rows: 0, decisions: 0, bytes: 0, duplicates: 0, skipped: 0 };
  readonly #refused = Object.fromEntries(SHIPPING_REFUSALS.map((reason) => [reason, 0])) as Record<
    ShippingRefusal,
    number
  >;

  /** Before the network starts. */
  constructor(parts: ExperienceReceiverParts) {
    this.#parts = parts;
    const { takeBytesPerSecond, takeBytesPerHour } = parts.config;
    this.#gate = new Gate([
      { rate: takeBytesPerSecond, burst: 4 * takeBytesPerSecond },
      { rate: takeBytesPerHour / HOUR, burst: takeBytesPerHour },
    ]);
    parts.network.handle(EXPERIENCE_SERVICE, (origin, payload) => this.take(origin, payload));
  }

  get figures(): ReceiverFigures {
    return { ...this.#counted, refused: { ...this.#refused }, waiting: this.#gate.turns };
  }

  /** Answers a batch. @param origin proved by the relay, or this node itself */
  async take(origin: string, payload: Uint8Array): Promise<Uint8Array> {
    const { clock, coordinates, refuses } = this.#parts;
    if (!coordinates()) return this.#refuse({ reason: 'not-coordinator', message: 'This node does not coordinate' });
    const why = refuses(origin);
    if (why !== undefined) return this.#refuse({ reason: 'stranger', message: why, wait: LONG_WAIT });
    if (payload.length > MOST_FRAME) {
      const message = `A batch may have ${MOST_FRAME} bytes, this one has ${payload.length}`;
      return this.#refuse({ reason: 'too-large', message });
    }
    if (this.#underWay.has(origin) || this.#underWay.size >= MOST_UNDER_WAY) {
      const message = this.#underWay.has(origin)
        ? 'The batch before is still being stored'
        : `${MOST_UNDER_WAY} batches are being stored already`;
      return this.#refuse({ reason: 'busy', message, wait: BUSY_WAIT });
    }
    const wait = this.#gate.ask(origin, payload.length, clock.now());
    if (wait > 0) return this.#refuse({ reason: 'too-fast', message: 'Others are before you', wait });
    this.#underWay.add(origin);
    try {
      const receipt = await this.#store(origin, payload);
      return 'reason' in receipt ? this.#refuse(receipt) : writeReceipt(receipt);
    } catch (error) {
      const isRefused = error instanceof ParlmeshError && error.code === 'FEDERATION_STORE_REFUSED';
      this.#parts.logger.debug({ cause: messageOf(error) }, 'experience of a node was not stored');
      return isRefused
        ? this.#refuse({ reason: 'invalid-row', message: messageOf(error) })
        : this.#refuse({ reason: 'store-failed', message: messageOf(error), wait: STORE_WAIT });
    } finally {
      this.#underWay.delete(origin);
    }
  }

  async #store(origin: string, payload: Uint8Array): Promise<Receipt | Refusal> {
    const { storage, clock } = this.#parts;
    const frame = readFrame(Batch, payload);
    if (frame === undefined) return unreadable(payload);
    const { header: batch, bytes } = frame;
    const received = await storage.received(origin);
    if (batch.after > received) {
      const message = `It follows number ${batch.after}; all have come up to ${received} only`;
      return { reason: 'out-of-order', message, received };
    }
    const rows = this.#rowsOf(origin, batch, bytes);
    if (typeof rows === 'number') return { received, have: rows, wait: 0 };
    if ('reason' in rows) return { ...rows, received };
    const fresh = rows.filter(({ sequence }) => sequence > received);
    const refusal = this.#judge(batch, fresh);
    if (refusal !== undefined) return { ...refusal, received };
    await this.#keep(origin, batch, rows.length, fresh, received);
    const more = batch.more ? this.#gate.next(origin, payload.length, clock.now()) : 0;
    return { received: await storage.received(origin), wait: more };
  }

  /** The rows with their bytes; or how many bytes are there of one that comes in pieces. */
  #rowsOf(origin: string, batch: Batch, bytes: Uint8Array): ExperienceRow[] | number | Refusal {
    const { rows, after, until, offset, sentAt } = batch;
    const malformed = (message: string): Refusal => ({ reason: 'malformed', message });
    let last = after;
    for (const { sequence } of rows) {
      if (sequence <= last) return malformed('Its rows are not in the order of their numbers');
      last = sequence;
    }
    if (last > until) return malformed(`It has row ${last} and ends with ${until}`);
    if (last - (rows[0]?.sequence ?? last) >= EXPERIENCE_WINDOW) {
      return malformed(`Its rows are ${EXPERIENCE_WINDOW} numbers apart or more`);
    }
    let data = bytes;
    const [only] = rows;
    if (offset !== undefined) {
      if (only === undefined || rows.length > 1) return malformed('A piece is of one row');
      const whole = this.#pieces.add(origin, only, offset, bytes);
      if (typeof whole === 'number') return whole;
      data = whole;
    }
    const skew = this.#parts.clock.wall() - sentAt;
    const correction = Math.abs(skew) > CLOCK_TOLERANCE ? skew : 0;
    let at = 0;
    const read = ({ bytes: length, ...row }: ShippedRow): ExperienceRow => {
      const part = data.subarray(at, at + length);
      at += length;
      return { ...row, at: row.at + correction, node: origin, data: part };
    };
    const list = rows.map(read);
    return at === data.length ? list : malformed(`It has ${data.length} bytes of rows and says ${at}`);
  }

  /** Why rows are not taken; undefined when all can be. */
  #judge(batch: Batch, rows: readonly ExperienceRow[]): Refusal | undefined {
    const { schema, count } = this.#parts;
    if (rows.length > 0 && batch.schema !== schema) {
      const message = `Decisions of form ${batch.schema} cannot be read here, only those of form ${schema}`;
      return { reason: 'unknown-schema', message, wait: LONG_WAIT };
    }
    for (const { sequence, data, decisions } of rows) {
      try {
        if (schemaOf(data) !== schema) throw new Error(`it is of form ${schemaOf(data)}`);
        const counted = count(data);
        if (counted === decisions) continue;
        const message = `Row ${sequence} has ${counted} decisions and claims ${decisions}`;
        return { reason: 'forged-count', message, sequence };
      } catch (error) {
        return { reason: 'invalid-row', message: `Row ${sequence}: ${messageOf(error)}`, sequence };
      }
    }
    return undefined;
  }

  /** Each step may be the last before a crash: whatever was done of it, the same batch again does the rest. */
  async #keep(
    origin: string,
    { until }: Batch,
    sent: number,
    fresh: readonly ExperienceRow[],
    received: number,
  ): Promise<void> {
    const { storage } = this.#parts;
    const first = fresh[0];
    let count = 0;
    if (first !== undefined) {
      // Before the rows, since what lies too far beyond the first missing number is not taken.
      if (first.sequence > received + 1) await storage.skipTo(origin, first.sequence);
      count = await storage.putExperience(fresh);
      if (until > received + fresh.length) await storage.skipTo(origin, until + 1);
    } else if (until > received) await storage.skipTo(origin, until + 1);
    this.#counted.rows += count;
    this.#counted.duplicates += sent - count;
    this.#counted.skipped += Math.max(0, until - received - fresh.length);
    for (const { decisions, data } of count === fresh.length ? fresh : []) {
      this.#counted.decisions += decisions;
      this.#counted.bytes += data.length;
    }
  }

  #refuse({ reason, message, wait = 0, received, sequence }: Refusal): Uint8Array {
    this.#refused[reason] += 1;
    return writeReceipt({
      wait,
      ...(received !== undefined && { received }),
      refused: {
        ...{ reason, message: message.slice(0, 500), schema: this.#parts.schema },
        ...(sequence !== undefined && { sequence }),
      },
    });
  }
}

function unreadable(payload: Uint8Array): Refusal {
  const any = readFrame(AnyBatch, payload);
  if (any === undefined || any.header.format === SHIPPING_FORMAT) {
    return { reason: 'malformed', message: 'This is no batch of experience' };
  }
  const message = `Batches of format ${any.header.format} are not known here, only those of format ${SHIPPING_FORMAT}`;
  return { reason: 'unknown-format', message, wait: LONG_WAIT };
}
