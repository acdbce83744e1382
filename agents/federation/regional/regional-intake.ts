// Takes the aggregates of regions at the coordinator: every member's own signature is checked as if it had sent itself, and
// counts in the round from there. What a head cannot show a signature for is not in it.

import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import {
  frameOf,
  MOST_MODEL_BYTES,
  type RoundKeys,
  readFrame,
  readJson,
  type SignedText,
  sha256,
  UpdateHeader,
} from '../messages.ts';
import type { Admission } from '../rounds/arrival.ts';
import type { Shape, UpdateCodec } from '../rounds/ports.ts';
import type { Post } from '../rounds/post.ts';
import type { FederationStorage } from '../storage.ts';
import { AGGREGATE, AggregatePiece, type AggregateReceipt } from './messages.ts';
import { type RegionalAggregate, readAggregate, writeRow } from './regional-data.ts';
import type { RegionalDispatch } from './regional-dispatch.ts';

/** What the rounds of one learner open to regions. */
export interface RoundDoor {
  shape: Shape;
  /** Number of the round that runs; undefined between rounds. */
  number(): number | undefined;
  /** A header whose signature was checked: may its update come? */
  admit(header: UpdateHeader): Admission;
  /** It is on the disk: it counts from now on. Resolves once it does. */
  count(header: UpdateHeader, late: number): Promise<void>;
}

export interface RegionalIntakeParts {
  post: Post;
  keys: Pick<RoundKeys, 'verify'>;
  codecs: ReadonlyMap<string, UpdateCodec>;
  dispatch: RegionalDispatch;
  storage: Pick<FederationStorage, 'putUpdate'>;
  /** Undefined while this node does not coordinate that learner. */
  door(learner: string): RoundDoor | undefined;
  clock: Clock;
}

interface Upload {
  digest: string;
  data: Uint8Array;
  have: number;
}

/** Aggregates under way at once: √10,000, with room. */
const MOST_UPLOADS = 160;
const MOST_BYTES = 128 * 1024 * 1024;

export class RegionalIntake {
  readonly #parts: RegionalIntakeParts;
  /** By head, learner and round. */
  readonly #uploads = new Map<string, Upload>();
  #bytes = 0;

  /** Before the network starts. */
  constructor(parts: RegionalIntakeParts) {
    this.#parts = parts;
    parts.post.handle(AGGREGATE, async (origin, payload) => frameOf(await this.#receipt(origin, payload)));
  }

  async #receipt(origin: string, payload: Uint8Array): Promise<AggregateReceipt> {
    const read = readFrame(AggregatePiece, payload);
    if (read === undefined) return refused('the piece cannot be read');
    const { learner, id, bytes, digest, offset } = read.header;
    const door = this.#parts.door(learner);
    const region = this.#parts.dispatch.region(learner, id, origin);
    if (door === undefined) return refused('this node does not coordinate that learner');
    if (region === undefined) return refused('it is head of no region in that round');
    const key = `${origin}/${learner}/${id}`;
    const upload = this.#upload(key, bytes, digest);
    if (upload === undefined) return refused('too many aggregates are under way');
    if (offset === upload.have && read.bytes.length <= bytes - offset) {
      upload.data.set(read.bytes, offset);
      upload.have += read.bytes.length;
    }
    if (upload.have < bytes) return { kind: 'more', have: upload.have };
    this.#drop(key);
    if (sha256(upload.data) !== digest) return refused('the bytes are not those of the digest');
    const aggregate = readAggregate(upload.data);
    if (aggregate === undefined) return refused('the evidence cannot be read');
    const { evidence } = aggregate;
    if (evidence.learner !== learner || evidence.id !== id || evidence.head !== origin) {
      return refused('the evidence is about something else');
    }
    return this.#take(door, new Set(region.members), aggregate);
  }

  async #take(door: RoundDoor, members: ReadonlySet<string>, aggregate: RegionalAggregate): Promise<AggregateReceipt> {
    const { codecs, storage } = this.#parts;
    const { evidence, packed } = aggregate;
    try {
      const codec = codecs.get(evidence.codec);
      if (codec === undefined) return refused(`nobody here reads aggregates packed as "${evidence.codec}"`);
      codec.unpack(packed, door.shape);
    } catch (thrown) {
      return refused(messageOf(thrown));
    }
    const rows: { header: UpdateHeader; signed: SignedText; late: number }[] = [];
    const without: string[] = [];
    let why = '';
    const seen = new Set<string>();
    for (const { header: signed } of evidence.members) {
      const header = this.#checked(signed, evidence.id, evidence.learner);
      if (header === undefined) return refused('a member’s signature does not fit');
      if (!members.has(header.node) || seen.has(header.node)) return refused(`${header.node} is not of its region`);
      seen.add(header.node);
      const admission = door.admit(header);
      // One that is here already, or may not come, is no reason to lose the others.
      if (admission.kind === 'open') rows.push({ header, signed, late: admission.late });
      else without.push(header.node);
      if (admission.kind === 'refused') why = `${header.node}: ${admission.cause}`;
    }
    if (rows.length === 0) return why === '' ? { kind: 'taken' } : refused(why);
    if (without.length > 0) return { kind: 'without', nodes: without };
    const round = door.number();
    if (round === undefined) return refused('no round runs');
    const [carrier] = rows;
    try {
      // The one with the numbers first: without it the others are nothing.
      for (const { header, signed } of rows) {
        const isCarrier = header === carrier!.header;
        const data = writeRow(
          isCarrier ? { kind: 'aggregate', aggregate } : { kind: 'in', carrier: carrier!.header.node },
        );
        const row = { learner: header.learner, round, node: header.node, header: JSON.stringify(signed), data };
        await storage.putUpdate(row);
      }
    } catch (thrown) {
      return refused(messageOf(thrown));
    }
    for (const { header, late } of rows) await door.count(header, late);
    return { kind: 'taken' };
  }

  #checked(signed: SignedText, id: string, learner: string): UpdateHeader | undefined {
    const header = readJson(UpdateHeader, Buffer.from(signed.body));
    if (header === undefined || header.id !== id || header.learner !== learner) return undefined;
    const signature = Buffer.from(signed.signature, 'base64');
    const isSigned = this.#parts.keys.verify('federation-update', header.node, Buffer.from(signed.body), signature);
    return isSigned ? header : undefined;
  }

  #upload(key: string, bytes: number, digest: string): Upload | undefined {
    const known = this.#uploads.get(key);
    if (known?.digest === digest && known.data.length === bytes) return known;
    this.#drop(key);
    if (this.#uploads.size >= MOST_UPLOADS || bytes > MOST_MODEL_BYTES || this.#bytes + bytes > MOST_BYTES) {
      return undefined;
    }
    const upload = { digest, data: new Uint8Array(bytes), have: 0 };
    this.#uploads.set(key, upload);
    this.#bytes += bytes;
    return upload;
  }

  #drop(key: string): void {
    const upload = this.#uploads.get(key);
    if (upload === undefined) return;
    this.#uploads.delete(key);
    this.#bytes -= upload.data.length;
  }
}

const refused = (cause: string): AggregateReceipt => ({ kind: 'refused', cause: cause.slice(0, 500) });
