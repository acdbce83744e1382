// The head of a region: serves its members the model, collects what they signed for the coordinator, checks it, and passes
// on one robust aggregate with the evidence of each. It keeps nothing over a restart: until the coordinator has the
// aggregate, every member keeps its own update, and sends it itself when the head is gone.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { AgentNetwork } from '../../network.ts';
import type { Aggregate, Update, Verdict } from '../aggregation/aggregator.ts';
import { lowerMedianOf } from '../aggregation/update-set.ts';
import {
  frameOf,
  MODEL,
  ModelRequest,
  PIECE_BYTES,
  type Receipt,
  type RoundKeys,
  readFrame,
  readJson,
  type SignedText,
  sha256,
  UpdateHeader,
  UpdatePiece,
} from '../messages.ts';
import type { Shape, UpdateCodec } from '../rounds/ports.ts';
import { Uploads } from '../rounds/uploads.ts';
import {
  AGGREGATE,
  AggregateReceipt,
  type Assignment,
  AUDIT,
  AuditQuestion,
  PASSED_ON,
  type PassedOn,
  REGION_MODEL,
  REGION_UPDATE,
} from './messages.ts';
import { writeAggregate } from './regional-data.ts';
import { LEAST_SIZE } from './regions.ts';
import { fetchWhole, ModelShelf, pieceOf } from './whole-model.ts';

export interface RegionalHeadParts {
  network: AgentNetwork;
  keys: Pick<RoundKeys, 'verify'>;
  /** What this node federates of that name; undefined for strangers. */
  shape(learner: string): Shape | undefined;
  codecs: ReadonlyMap<string, UpdateCodec>;
  /** Packs aggregates, as one of `codecs` reads them. Not the participant's: what packing loses stays in a codec. */
  codec: UpdateCodec;
  /** The same rule as the coordinator's for that learner: it goes over a region's updates in an audit. */
  rule(learner: string): string;
  aggregate(updates: readonly Update[], learner: string): Promise<Aggregate> | Aggregate;
  /** Who coordinates: models are fetched there. */
  coordinator(): string | undefined;
  /** What became of this node's own update: it is of its region too. */
  toldItself?(told: PassedOn): void;
  clock: Clock;
  journal: Journal;
}

interface Taken {
  header: UpdateHeader;
  signed: SignedText;
  data: Uint8Array;
}

interface Round {
  assignment: Assignment;
  coordinator: string;
  members: ReadonlySet<string>;
  taken: Map<string, Taken>;
  /** Members whose updates are at the coordinator already. */
  without: Set<string>;
  state: 'collecting' | 'passing' | 'over';
  endsAt: Millis;
  timer: Timer;
}

/** Share of a round's time after which a head passes on what it has: the rest is for the coordinator, or the direct way. */
const COLLECTS_FOR = 0.6;
const MOST_ROUNDS = 8;
const ASK_WITHIN: Millis = 10_000;

export class RegionalHead {
  readonly #parts: RegionalHeadParts;
  readonly #uploads: Uploads;
  readonly #rounds = new Map<string, Round>();
  readonly #models: ModelShelf;

  /** Before the network starts. */
  constructor(parts: RegionalHeadParts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts.clock);
    const { network } = parts;
    this.#models = new ModelShelf(async (learner, version) => {
      const node = parts.coordinator();
      return node === undefined ? undefined : fetchWhole(network, { node, service: MODEL }, learner, version);
    });
    network.handle(REGION_UPDATE, (origin, payload) => this.take(origin, payload));
    network.handle(REGION_MODEL, (_, payload) => this.#serve(payload));
    network.handle(AUDIT, (origin, payload) => this.#show(origin, payload));
  }

  /** The coordinator made this node head of these members for a round. The same again changes nothing. */
  assign(coordinator: string, assignment: Assignment): void {
    const { learner, id, members, lasts } = assignment;
    const key = `${learner}/${id}`;
    if (members === undefined || this.#rounds.has(key)) return;
    for (const [old, round] of this.#rounds) {
      if (this.#rounds.size < MOST_ROUNDS) break;
      this.#end(old, round);
    }
    const { clock } = this.#parts;
    const timer = clock.after(COLLECTS_FOR * lasts, () => void this.#pass(round));
    const round: Round = {
      ...{ assignment, coordinator, members: new Set(members), taken: new Map(), without: new Set() },
      ...{ state: 'collecting', endsAt: clock.now() + lasts, timer },
    };
    this.#rounds.set(key, round);
    // What an audit may ask for is kept as long as the round lasts.
    clock.after(lasts, () => this.#end(key, round));
  }

  stop(): void {
    for (const [key, round] of this.#rounds) this.#end(key, round);
    this.#uploads.clear();
  }

  /** A piece of a member's update, as it would go to the coordinator. Answers a `Receipt`. Never rejects. */
  async take(origin: string, payload: Uint8Array): Promise<Uint8Array> {
    return frameOf(this.#receipt(origin, payload));
  }

  #receipt(origin: string, payload: Uint8Array): Receipt {
    const { keys } = this.#parts;
    const read = readFrame(UpdatePiece, payload);
    const header = read && readJson(UpdateHeader, Buffer.from(read.header.header.body));
    if (read === undefined || header === undefined) return refused('malformed', 'the piece cannot be read');
    const signed = read.header.header;
    if (header.node !== origin) return refused('forged', `${origin} sent what ${header.node} signed`);
    const round = this.#rounds.get(`${header.learner}/${header.id}`);
    if (round === undefined || round.coordinator !== header.coordinator) {
      return refused('unknown-round', 'this node is head of no region in that round');
    }
    if (!round.members.has(origin)) return refused('not-invited', 'it is not of this region');
    if (round.taken.get(origin)?.header.digest === header.digest) return { kind: 'taken' };
    if (round.state !== 'collecting') return refused('closed', 'the region has been passed on');
    if (round.taken.has(origin)) return refused('duplicate', 'another update of it is here');
    const body = Buffer.from(signed.body);
    if (!keys.verify('federation-update', origin, body, Buffer.from(signed.signature, 'base64'))) {
      return refused('forged', 'its signature does not fit');
    }
    const piece = this.#uploads.add(header, signed.body, read.header.offset, read.bytes);
    if (piece.kind === 'full') return { ...refused('too-many', 'too many updates are under way here'), again: true };
    if (piece.kind === 'more') return piece;
    this.#uploads.end(header);
    const wrong = this.#inspect(header, piece.data);
    if (wrong !== undefined) return wrong;
    round.taken.set(origin, { header, signed, data: piece.data });
    if (round.taken.size === round.members.size) void this.#pass(round);
    return { kind: 'taken' };
  }

  #inspect(header: UpdateHeader, data: Uint8Array): Extract<Receipt, { kind: 'refused' }> | undefined {
    const { codecs, shape } = this.#parts;
    if (sha256(data) !== header.digest) return refused('wrong-digest', 'the bytes are not those that were signed');
    const [codec, known] = [codecs.get(header.codec), shape(header.learner)];
    if (known === undefined || known.format !== header.format) return refused('wrong-format', 'its format is not ours');
    if (codec === undefined) return refused('codec', `nobody here reads updates packed as "${header.codec}"`);
    try {
      codec.unpack(data, known);
      return undefined;
    } catch (thrown) {
      const isNotFinite = thrown instanceof ParlmeshError && thrown.code === 'UPDATE_NOT_FINITE';
      return refused(isNotFinite ? 'not-finite' : 'wrong-shape', messageOf(thrown));
    }
  }

  /** collecting -> passing -> over */
  async #pass(round: Round): Promise<void> {
    if (round.state !== 'collecting') return;
    round.state = 'passing';
    round.timer.cancel();
    const { network, journal } = this.#parts;
    try {
      for (;;) {
        const counted = [...round.taken.values()].filter(({ header }) => !round.without.has(header.node));
        // Of so few no rule tells a liar from an accident: the coordinator sees them beside all others.
        if (counted.length < LEAST_SIZE) return this.#release(round, 'direct');
        const reply = await this.#send(round, await this.#aggregate(round, counted));
        if (reply.kind === 'taken') return this.#release(round, 'taken');
        if (reply.kind !== 'without')
          throw new Error(reply.kind === 'refused' ? reply.cause : 'it takes no more of it');
        const before = round.without.size;
        for (const node of reply.nodes) round.without.add(node);
        if (round.without.size === before) throw new Error('it names no update to leave out');
      }
    } catch (thrown) {
      const name = network.nodes().find(({ id }) => id === round.coordinator)?.name ?? round.coordinator;
      journal.record({
        ...{ severity: 'warning', kind: 'federation.region-failed', subject: `federation/${round.assignment.learner}` },
        message: `The aggregate of this region did not reach ${name}: ${messageOf(thrown)}. Its members send themselves`,
      });
      this.#release(round, 'direct');
    }
  }

  async #aggregate({ assignment: { learner, id, head } }: Round, counted: readonly Taken[]): Promise<Uint8Array> {
    const { codecs, codec, rule, aggregate, shape } = this.#parts;
    const known = shape(learner);
    if (known === undefined) throw new ParlmeshError('LEARNER_UNKNOWN', `${learner} is not federated here any more`);
    const sorted = counted.toSorted((a, b) => (a.header.node < b.header.node ? -1 : 1));
    const updates = updatesOf(sorted, codecs, known);
    const { delta, verdicts } = await aggregate(updates, learner);
    const judged = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
    const members = sorted.map(({ signed, header }) => ({ header: signed, ...told(judged.get(header.node)) }));
    return writeAggregate({
      evidence: { learner, id, head, rule: rule(learner), codec: codec.name, members },
      packed: codec.pack(known, delta),
    });
  }

  async #send(
    { assignment: { learner, id }, coordinator, endsAt }: Round,
    bytes: Uint8Array,
  ): Promise<AggregateReceipt> {
    const { network, clock } = this.#parts;
    const about = { learner, id, bytes: bytes.length, digest: sha256(bytes) };
    let have = 0;
    for (let failures = 0; ; ) {
      const piece = frameOf({ ...about, offset: have }, bytes.subarray(have, have + PIECE_BYTES));
      try {
        const reply = readFrame(
          AggregateReceipt,
          await network.request(coordinator, AGGREGATE, piece, { deadline: ASK_WITHIN }),
        );
        if (reply?.header.kind !== 'more') {
          if (reply === undefined) throw new Error('its answer cannot be read');
          return reply.header;
        }
        failures = reply.header.have > have ? 0 : failures + 1;
        have = reply.header.have;
      } catch (thrown) {
        if (++failures > 3 || clock.now() >= endsAt) throw thrown;
      }
      if (failures > 3) throw new Error('it takes no more of the aggregate');
    }
  }

  #release(round: Round, outcome: PassedOn['outcome']): void {
    const { network } = this.#parts;
    const { id, learner } = round.assignment;
    round.state = 'over';
    for (const node of round.taken.keys()) {
      const told: PassedOn = { id, learner, outcome: round.without.has(node) ? 'direct' : outcome };
      // Who is not told finds out by time.
      if (node === network.self) this.#parts.toldItself?.(told);
      else network.request(node, PASSED_ON, frameOf(told)).catch(() => {});
    }
  }

  async #serve(payload: Uint8Array): Promise<Uint8Array> {
    const asked = readFrame(ModelRequest, payload)?.header;
    if (asked === undefined) throw new Error('the question cannot be read');
    return pieceOf(await this.#models.get(asked.learner, asked.version), asked.offset);
  }

  #show(origin: string, payload: Uint8Array): Uint8Array {
    const asked = readFrame(AuditQuestion, payload)?.header;
    if (asked === undefined) throw new Error('the question cannot be read');
    const round = this.#rounds.get(`${asked.learner}/${asked.id}`);
    return pieceOf(round?.coordinator === origin ? round.taken.get(asked.node)?.data : undefined, asked.offset);
  }

  #end(key: string, round: Round): void {
    round.timer.cancel();
    if (round.state === 'collecting') this.#release(round, 'direct');
    if (this.#rounds.get(key) === round) this.#rounds.delete(key);
  }
}

/** As a head and an audit both see them; the rule's answer must not hang on how they are ordered or weighed. */
export function updatesOf(
  taken: readonly { header: UpdateHeader; data: Uint8Array }[],
  codecs: ReadonlyMap<string, UpdateCodec>,
  shape: Shape,
): Update[] {
  const most = MOST_OF_MEDIAN * lowerMedianOf(taken.map(({ header }) => header.examples));
  return taken.map(({ header, data }) => {
    const codec = codecs.get(header.codec);
    if (codec === undefined) throw new ParlmeshError('UPDATE_CODEC', `"${header.codec}" is read by nobody here`);
    return { node: header.node, weight: Math.min(header.examples, most), delta: codec.unpack(data, shape) };
  });
}

/** As in a round without regions: nobody checks what a node says that it learned from. */
const MOST_OF_MEDIAN = 4;

function told(verdict: Verdict | undefined): Pick<Verdict, 'share' | 'doubt'> {
  if (verdict === undefined) return { share: 0 };
  const { share, doubt } = verdict;
  const bounded = Math.min(1, Math.max(0, share));
  return doubt === undefined
    ? { share: bounded }
    : { share: bounded, doubt: { ...doubt, evidence: doubt.evidence.slice(0, 300) } };
}

const refused = (
  reason: Extract<Receipt, { kind: 'refused' }>['reason'],
  cause: string,
): Extract<Receipt, { kind: 'refused' }> => ({ kind: 'refused', reason, cause: cause.slice(0, 500), again: false });
