// The network as a participant sees it while its region has a head: what it sends to the coordinator goes to the head, and
// the coordinator's own way is taken whenever the head fails. The participant knows nothing of it.

import type { Duplex } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis, type Timer } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { AgentNetwork, NetworkNode, NewsTopic } from '../../network.ts';
import {
  frameOf,
  MODEL,
  ModelRequest,
  PIECE_BYTES,
  Receipt,
  readFrame,
  readJson,
  type SignedText,
  UPDATE,
  UpdateHeader,
  UpdatePiece,
} from '../messages.ts';
import type { Leadership } from '../rounds/ports.ts';
import { ASSIGN, Assignment, PASSED_ON, PassedOn, REGION_MODEL, REGION_UPDATE } from './messages.ts';
import type { RegionalHead } from './regional-head.ts';
import { fetchWhole, ModelShelf, pieceOf } from './whole-model.ts';

export interface RegionalNetworkParts {
  network: AgentNetwork;
  leadership: Leadership;
  clock: Clock;
  random: Random;
}

/** A region that this node is in for one round. */
interface Membership {
  coordinator: string;
  head: string;
  learner: string;
  id: string;
  endsAt: Millis;
  /** The head has failed, or says so: the coordinator's own way from here on. */
  isDirect: boolean;
  /** What the head has and the coordinator has not yet. */
  copy?: { signed: SignedText; data: Uint8Array; isAtHead: boolean };
  timer?: Timer;
  /** Models that its head has served. */
  models?: ModelShelf;
}

/** Share of a round's time after which what a head has not passed on is sent directly. */
const WAITS_FOR = 0.8;
const MOST_MEMBERSHIPS = 32;
const RETRY: BackoffOptions = { first: 500, most: 10_000 };

export class RegionalNetwork implements AgentNetwork {
  readonly #parts: RegionalNetworkParts;
  readonly #memberships = new Map<string, Membership>();
  readonly #life = new AbortController();
  #head: RegionalHead | undefined;
  readonly totals = { throughHead: 0, direct: 0, fellBack: 0 };

  /** Before the network starts. */
  constructor(parts: RegionalNetworkParts) {
    this.#parts = parts;
    const { network } = parts;
    network.handle(ASSIGN, (origin, payload) => this.#assign(origin, payload));
    network.handle(PASSED_ON, (origin, payload) => {
      const told = readFrame(PassedOn, payload)?.header;
      if (told !== undefined) this.passedOn(origin, told);
      return frameOf({});
    });
    network.onNodes(() => this.#lookAtHeads());
  }

  /** This node can be a head too. */
  lead(head: RegionalHead): void {
    this.#head = head;
  }

  stop(): void {
    this.#life.abort(new Error('the node stops'));
    for (const { timer } of this.#memberships.values()) timer?.cancel();
  }

  get self(): string {
    return this.#parts.network.self;
  }

  nodes(): NetworkNode[] {
    return this.#parts.network.nodes();
  }

  onNodes(listener: () => void): () => void {
    return this.#parts.network.onNodes(listener);
  }

  handle(service: string, handler: (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array): void {
    this.#parts.network.handle(service, handler);
  }

  openStream(node: string, service: string, header: string): Promise<Duplex> {
    return this.#parts.network.openStream(node, service, header);
  }

  handleStream(service: string, handler: (origin: string, stream: Duplex, header: string) => Promise<void>): void {
    this.#parts.network.handleStream(service, handler);
  }

  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void {
    this.#parts.network.publish(topic, payload);
  }

  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void {
    this.#parts.network.subscribe(topic, handler);
  }

  async request(
    node: string,
    service: string,
    payload: Uint8Array,
    options: { deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    const direct = (): Promise<Uint8Array> => this.#parts.network.request(node, service, payload, options);
    if (service === UPDATE) return (await this.#throughHead(node, payload, options)) ?? direct();
    if (service === MODEL) return (await this.#modelPiece(node, payload)) ?? direct();
    return direct();
  }

  #assign(origin: string, payload: Uint8Array): Uint8Array {
    const { leadership, clock } = this.#parts;
    const assignment = readFrame(Assignment, payload)?.header;
    if (assignment === undefined) throw new Error('the assignment cannot be read');
    if (leadership.current()?.node !== origin) throw new Error('only the coordinator forms regions');
    const { learner, id, head, lasts, members } = assignment;
    if (head === this.self) this.#head?.assign(origin, assignment);
    if (head === this.self && members !== undefined && !members.includes(this.self)) return frameOf({});
    this.#forgetOld();
    const endsAt = clock.now() + lasts;
    this.#memberships.set(`${learner}/${id}`, { coordinator: origin, head, learner, id, endsAt, isDirect: false });
    return frameOf({});
  }

  #forgetOld(): void {
    const now = this.#parts.clock.now();
    for (const [key, { endsAt, timer }] of this.#memberships) {
      if (endsAt > now && this.#memberships.size < MOST_MEMBERSHIPS) continue;
      timer?.cancel();
      this.#memberships.delete(key);
    }
  }

  /** Undefined: the direct way is to be taken. */
  async #throughHead(
    node: string,
    payload: Uint8Array,
    options: { deadline?: Millis },
  ): Promise<Uint8Array | undefined> {
    const read = readFrame(UpdatePiece, payload);
    const signed = read?.header.header;
    const header = signed && readJson(UpdateHeader, Buffer.from(signed.body));
    const membership = header && this.#memberships.get(`${header.learner}/${header.id}`);
    if (membership === undefined || signed === undefined || membership.coordinator !== node || membership.isDirect) {
      this.totals.direct++;
      return undefined;
    }
    const { offset } = read!.header;
    if (membership.copy?.signed.body !== signed.body) {
      membership.copy = { signed, data: new Uint8Array(header!.bytes), isAtHead: false };
    }
    const { copy } = membership;
    if (offset + read!.bytes.length <= copy.data.length) copy.data.set(read!.bytes, offset);
    try {
      const reply =
        membership.head === this.self && this.#head !== undefined
          ? await this.#head.take(this.self, payload)
          : await this.#parts.network.request(membership.head, REGION_UPDATE, payload, options);
      const receipt = readFrame(Receipt, reply)?.header;
      if (receipt === undefined || (receipt.kind === 'refused' && !receipt.again)) return this.#giveUp(membership);
      if (receipt.kind === 'taken' && !copy.isAtHead) {
        copy.isAtHead = true;
        this.totals.throughHead++;
        this.#watch(membership);
      }
      return reply;
    } catch {
      return this.#giveUp(membership);
    }
  }

  /** The participant goes on by the direct way, from wherever the coordinator says. */
  #giveUp(membership: Membership): undefined {
    membership.isDirect = true;
    this.totals.direct++;
    return undefined;
  }

  /** The head has it. Until the coordinator has it too, this node keeps it. */
  #watch(membership: Membership): void {
    const { clock } = this.#parts;
    const wait = WAITS_FOR * (membership.endsAt - clock.now());
    membership.timer = clock.after(wait, () => void this.#sendDirectly(membership));
  }

  /** @param head who says so */
  passedOn(head: string, told: PassedOn): void {
    const membership = this.#memberships.get(`${told.learner}/${told.id}`);
    if (membership?.head !== head) return;
    if (told.outcome === 'direct') void this.#sendDirectly(membership);
    else {
      membership.timer?.cancel();
      delete membership.copy;
    }
  }

  #lookAtHeads(): void {
    if (this.#memberships.size === 0) return;
    const reachable = new Set(this.nodes().flatMap(({ id, reachable }) => (reachable ? [id] : [])));
    for (const membership of this.#memberships.values()) {
      if (membership.head === this.self || reachable.has(membership.head) || membership.isDirect) continue;
      if (membership.copy?.isAtHead === true) void this.#sendDirectly(membership);
      else membership.isDirect = true;
    }
  }

  /** What the participant takes for delivered did not arrive: it is sent again, until the round is over. */
  async #sendDirectly(membership: Membership): Promise<void> {
    const { copy, coordinator, endsAt } = membership;
    if (copy === undefined || membership.isDirect) return;
    membership.isDirect = true;
    membership.timer?.cancel();
    this.totals.fellBack++;
    const { network, clock, random } = this.#parts;
    let have = 0;
    for (let attempt = 0; clock.now() < endsAt && !this.#life.signal.aborted; ) {
      const piece = frameOf({ header: copy.signed, offset: have }, copy.data.subarray(have, have + PIECE_BYTES));
      try {
        const receipt = readFrame(Receipt, await network.request(coordinator, UPDATE, piece))?.header;
        if (receipt?.kind === 'taken' || (receipt?.kind === 'refused' && !receipt.again)) break;
        attempt = receipt?.kind === 'more' && receipt.have > have ? 0 : attempt + 1;
        if (receipt?.kind === 'more') have = receipt.have;
      } catch {
        attempt++;
      }
      if (attempt > 0) await delay(clock, backoff(attempt - 1, RETRY, random), this.#life.signal).catch(() => {});
    }
    delete membership.copy;
  }

  async #modelPiece(node: string, payload: Uint8Array): Promise<Uint8Array | undefined> {
    const asked = readFrame(ModelRequest, payload)?.header;
    if (asked === undefined) return undefined;
    const { learner, version, offset } = asked;
    const membership = [...this.#memberships.values()].find(
      (known) => known.learner === learner && known.coordinator === node && !known.isDirect,
    );
    if (membership === undefined || membership.head === this.self) return undefined;
    const from = { node: membership.head, service: REGION_MODEL };
    membership.models ??= new ModelShelf((name, wanted) => fetchWhole(this.#parts.network, from, name, wanted));
    const bytes = await membership.models.get(learner, version);
    return bytes && pieceOf(bytes, offset);
  }
}
