// The node's side: sends its experience to the coordinator, oldest first, within its budgets, until it is acknowledged.
// What the coordinator says it has received is the only truth: after a cut, a restart or a change of coordinators the
// sender asks for it and goes on from there.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Logger } from '../../../core/logger.ts';
import type { Random } from '../../../core/random.ts';
import type { Service } from '../../../core/service.ts';
import type { AgentNetwork } from '../../network.ts';
import type { StoredExperienceRow } from '../../parl/experience-storage.ts';
import type { Leadership } from '../rounds/ports.ts';
import { afterReceipt } from './after-receipt.ts';
import type { ShippingConfig } from './config.ts';
import { Meter } from './gate.ts';
import { EXPERIENCE_SERVICE, MOST_BATCH_BYTES, type Receipt, readReceipt, schemaOf } from './messages.ts';
import type { OutgoingExperience } from './outgoing.ts';
import { frameOfPlan } from './plan-frame.ts';
import { choose, LOOK_AHEAD, type Plan } from './selection.ts';
import { ShippingCounts } from './shipping-counts.ts';
import type { Shipment, ShipperFigures, ShippingState } from './shipping-state.ts';

export interface ExperienceShipperParts {
  network: Pick<AgentNetwork, 'self' | 'request' | 'onNodes'>;
  storage: OutgoingExperience;
  leadership: Leadership;
  /**
   * Hands a batch to this node's own receiver, when it coordinates and the coordinator's store is another than the node's.
   * Left out, both are one: there is nothing to send then.
   */
  deliverHere?: (payload: Uint8Array) => Promise<Uint8Array>;
  /** Why that may not leave the board, or undefined when it may. */
  vetoes: (shipment: Shipment) => string | undefined | Promise<string | undefined>;
  /** Of the decisions that this version packs, as `schemaOf` tells it. */
  schema: string;
  /** How many decisions a row holds. Throws for bytes that are none. */
  count: (data: Uint8Array) => number;
  config: ShippingConfig;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

const DEADLINE: Millis = 15_000;
const RETRY: BackoffOptions = { first: 1000, most: 300_000 };
const VETO_WAIT: Millis = 60_000;
const STORE_WAIT: Millis = 30_000;
/** Acknowledgements are written down so rarely, for flash: what is forgotten is asked for again. */
const MARK_PERIOD: Millis = 300_000;
/** So long after its last word the coordinator is asked again what it has: it may have lost its disk. */
const CONFIRM_PERIOD: Millis = 600_000;
/** Rows that are never taken are remembered until the mark has passed them. */
const MOST_UNWANTED = 4096;
const SUBJECT = 'service/federation';

export class ExperienceShipper implements Service {
  readonly name = 'federation-shipping';
  readonly #parts: ExperienceShipperParts;
  readonly #meter: Meter;
  readonly #unwanted = new Set<number>();
  readonly #counts = new ShippingCounts();
  #state: ShippingState = { kind: 'stopped' };
  #to: string | undefined;
  /** Undefined until the coordinator has told. */
  #received: number | undefined;
  #heardAt: Millis = 0;
  #plan: Plan | undefined;
  /** Where the next piece of a long row begins. */
  #offset = 0;
  #failures = 0;
  #oldestAt: Millis | undefined;
  /** The last mark that was written down, and when. */
  #marked = { sequence: 0, at: 0 };
  #running: Promise<void> | undefined;
  #wakeUp: (() => void) | undefined;
  #isWoken = false;
  /** What was told in the journal of this coordinator. */
  readonly #told = new Set<string>();
  #stopping = false;
  #stopped: () => void = () => {};
  #listeners: (() => void)[] = [];
  /** Gives up waiting for an answer. */
  #abandon: () => void = () => {};

  constructor(parts: ExperienceShipperParts) {
    this.#parts = parts;
    const { bytesPerSecond, bytesPerHour } = parts.config;
    this.#meter = new Meter([
      { rate: bytesPerSecond, burst: Math.max(bytesPerSecond, MOST_BATCH_BYTES) },
      { rate: bytesPerHour / 3600, burst: bytesPerHour },
    ]);
  }

  get figures(): ShipperFigures {
    const received = this.#received ?? 0;
    const behind = this.#received === undefined ? 0 : Math.max(0, this.#latest() - received);
    const oldestAt = behind === 0 ? undefined : this.#oldestAt;
    return {
      ...{ ...this.#counts.figures, state: this.#state, received },
      ...(this.#to !== undefined && { coordinator: this.#to }),
      lag: { rows: behind, millis: oldestAt === undefined ? 0 : Math.max(0, this.#parts.clock.wall() - oldestAt) },
    };
  }

  /** After the store. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { leadership, network } = this.#parts;
    this.#stopping = false;
    this.#listeners = [leadership.onChange(() => this.#onLeadership()), network.onNodes(() => this.#onNodes())];
    this.#become({ kind: 'idle', why: 'no-coordinator' }, undefined);
    this.#running = this.#run();
  }

  /** What is under way is left; it is asked for after the next start. */
  async stop(): Promise<void> {
    for (const forget of this.#listeners.splice(0)) forget();
    this.#stopping = true;
    this.#stopped();
    this.wake();
    await this.#running;
    this.#running = undefined;
    await this.#mark(true);
    this.#state = { kind: 'stopped' };
  }

  /** There may be something to do: new rows, a veto that was lifted. */
  wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  #onLeadership(): void {
    if (this.#parts.leadership.current()?.node !== this.#to) this.#abandon();
    this.wake();
  }

  /** A way may have opened: what failed for want of one is tried again at once. */
  #onNodes(): void {
    if (this.#state.kind === 'waiting' && this.#state.for === 'answer') this.wake();
  }

  async #run(): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      this.#stopped = () => resolve(undefined);
    });
    while (!this.#stopping) {
      this.#isWoken = false;
      const wait = await Promise.race([this.#step().catch((error: unknown) => this.#onError(error)), stopped]);
      if (wait !== 0 && !this.#stopping && !this.#isWoken) await this.#pause(wait);
    }
  }

  #pause(wait: Millis | undefined): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      this.#wakeUp = () => {
        timer?.cancel();
        this.#wakeUp = undefined;
        resolve();
      };
      if (wait !== undefined) timer = this.#parts.clock.after(wait, this.#wakeUp);
    });
  }

  /** One thing at a time; returns how long to wait, until woken when undefined. */
  async #step(): Promise<Millis | undefined> {
    const { storage, network, leadership, deliverHere, config, clock } = this.#parts;
    const coordinator = leadership.current()?.node;
    if (coordinator !== this.#to) await this.#turnTo(coordinator);
    if (coordinator === undefined) return this.#become({ kind: 'idle', why: 'no-coordinator' }, undefined);
    if (coordinator === network.self && deliverHere === undefined) {
      return this.#become({ kind: 'idle', why: 'own-store' }, undefined);
    }
    if (this.#received === undefined) return this.#greet(coordinator);
    const latest = storage.received(network.self);
    if (this.#received > latest) await this.#jumpTo(this.#received);
    this.#plan ??= this.#choose(this.#received, latest);
    await this.#mark(false);
    if (this.#plan === undefined) {
      if (clock.now() - this.#heardAt > CONFIRM_PERIOD) return this.#greet(coordinator);
      return this.#become({ kind: 'idle', why: 'nothing-new' }, config.interval * 1000);
    }
    return this.#send(coordinator, this.#plan, latest);
  }

  async #turnTo(coordinator: string | undefined): Promise<void> {
    await this.#mark(true);
    this.#to = coordinator;
    this.#received = undefined;
    this.#plan = undefined;
    this.#failures = 0;
    this.#marked = { sequence: 0, at: this.#parts.clock.now() };
    this.#told.clear();
  }

  /** This node's store is older than what it has sent: its numbers go on after those that are taken. */
  async #jumpTo(received: number): Promise<void> {
    const { storage, network } = this.#parts;
    await storage.skipTo(network.self, received + 1);
    const message = `The coordinator has experience of this node up to number ${received}, its own store ends before that: it was restored or made anew. Its numbers go on after ${received}`;
    this.#tell('federation.older-store', message);
  }

  #choose(received: number, latest: number): Plan | undefined {
    this.#offset = 0;
    if (received >= latest) return undefined;
    const { storage, network, config } = this.#parts;
    // What lies above the mark is not whole yet: a lower number may still be written.
    const found = storage.following(network.self, received, LOOK_AHEAD);
    const rows = found.filter(({ sequence }) => sequence <= latest);
    this.#oldestAt = rows[0]?.at;
    const perSecond = Math.min(config.bytesPerSecond, config.bytesPerHour / 3600);
    const capacity = perSecond * config.horizon * 3600;
    return choose({ received, latest, rows, capacity, isWanted: (row) => this.#isWanted(row) });
  }

  #isWanted({ sequence, data, decisions }: StoredExperienceRow): boolean {
    if (this.#unwanted.has(sequence)) return false;
    const { schema, count } = this.#parts;
    // Of another form than ours: whether it can be read, the coordinator knows.
    if (schemaOf(data) !== schema) return true;
    try {
      return count(data) === decisions;
    } catch {
      return false;
    }
  }

  async #greet(coordinator: string): Promise<Millis | undefined> {
    this.#become({ kind: 'greeting' }, undefined);
    const nothing: Plan = { after: 0, until: 0, schema: '', rows: [], left: 0, bytes: 0, inPieces: false };
    return this.#exchange(
      coordinator,
      nothing,
      frameOfPlan(nothing, { sentAt: this.#parts.clock.wall(), more: true, offset: 0 }),
    );
  }

  async #send(coordinator: string, plan: Plan, latest: number): Promise<Millis | undefined> {
    const { clock, vetoes } = this.#parts;
    const { rows, bytes } = plan;
    if (rows.length > 0) {
      const decisions = rows.reduce((sum, row) => sum + row.decisions, 0);
      const veto = await vetoes({ coordinator, rows: rows.length, decisions, bytes });
      if (veto !== undefined) {
        this.#counts.vetoes += 1;
        return this.#become({ kind: 'waiting', for: 'consent', cause: veto }, VETO_WAIT);
      }
    }
    const now = clock.now();
    const frame = frameOfPlan(plan, { sentAt: clock.wall(), more: plan.until < latest, offset: this.#offset });
    const wait = this.#meter.opensAt(now) - now;
    if (wait > 0) {
      const cause = 'as much was sent as the budget allows';
      return this.#become({ kind: 'waiting', for: 'budget', cause }, wait);
    }
    this.#meter.book(frame.length, now);
    this.#counts.sent.batches += 1;
    this.#counts.sent.bytes += frame.length;
    this.#become({ kind: 'sending' }, undefined);
    return this.#exchange(coordinator, plan, frame);
  }

  async #exchange(coordinator: string, plan: Plan, frame: Uint8Array): Promise<Millis | undefined> {
    const { network, deliverHere } = this.#parts;
    let receipt: Receipt | undefined;
    try {
      const isHere = coordinator === network.self && deliverHere !== undefined;
      const asked = isHere
        ? deliverHere(frame)
        : network.request(coordinator, EXPERIENCE_SERVICE, frame, { deadline: DEADLINE });
      const moved = new Promise<undefined>((resolve) => {
        this.#abandon = () => resolve(undefined);
      });
      const answer = await Promise.race([asked, moved]);
      if (answer === undefined) return 0;
      receipt = readReceipt(answer);
    } catch (error) {
      this.#counts.unanswered += 1;
      return this.#tryLater('answer', messageOf(error));
    }
    // The coordinator changed while this was under way: what an earlier one says counts no more.
    if (this.#stopping || coordinator !== this.#parts.leadership.current()?.node) return 0;
    if (receipt === undefined) return this.#tryLater('coordinator', 'its answer cannot be read');
    return this.#follow(plan, receipt);
  }

  #follow(plan: Plan, receipt: Receipt): Millis | undefined {
    const { refused } = receipt;
    this.#heardAt = this.#parts.clock.now();
    if (refused !== undefined) this.#counts.refused[refused.reason] += 1;
    const consequence = afterReceipt(receipt, plan, this.#parts.schema);
    switch (consequence.kind) {
      case 'arrived':
      case 'reconsider': {
        const { received, wait } = consequence;
        const isProgress = this.#received === undefined || received > plan.after;
        this.#counts.arrived(plan, received);
        for (const sequence of this.#unwanted) if (sequence <= received) this.#unwanted.delete(sequence);
        this.#received = received;
        this.#plan = undefined;
        if (!isProgress) return this.#tryLater('coordinator', `it has rows up to ${received} only`);
        this.#failures = 0;
        return wait;
      }
      case 'continue': {
        const length = plan.rows[0]?.data.length ?? 0;
        const isProgress = consequence.offset > this.#offset && consequence.offset < length;
        this.#offset = consequence.offset < length ? consequence.offset : 0;
        return isProgress ? consequence.wait : this.#tryLater('coordinator', 'it does not get on with a long row');
      }
      case 'leave-out':
        this.#tell('federation.left-out', `The coordinator takes a row never: ${consequence.cause}`);
        this.#plan = undefined;
        if (this.#unwanted.size >= MOST_UNWANTED) return this.#tryLater('coordinator', consequence.cause);
        for (const sequence of consequence.sequences) this.#unwanted.add(sequence);
        return 0;
      case 'later':
        this.#offset = 0;
        if (refused?.reason === 'unknown-schema' || refused?.reason === 'unknown-format') {
          this.#tell(
            'federation.unknown-form',
            `Experience is kept here until the coordinator is newer: ${refused.message}`,
          );
        }
        if (consequence.wait === undefined) return this.#tryLater('coordinator', consequence.cause);
        return this.#become({ kind: 'waiting', for: 'coordinator', cause: consequence.cause }, consequence.wait);
    }
  }

  /** Writes down how far the coordinator is, so that what it has makes room first. */
  async #mark(now: boolean): Promise<void> {
    const { storage, network, clock, logger } = this.#parts;
    const received = this.#received;
    if (this.#to === undefined || received === undefined || received <= this.#marked.sequence) return;
    if (!now && clock.now() - this.#marked.at < MARK_PERIOD) return;
    this.#marked = { sequence: received, at: clock.now() };
    try {
      await storage.acknowledge(this.#to, network.self, received);
    } catch (error) {
      logger.debug({ cause: messageOf(error) }, 'an acknowledgement was not written down');
    }
  }

  #become(state: ShippingState, wait: Millis | undefined): Millis | undefined {
    this.#state = state;
    return wait;
  }

  #tryLater(what: 'answer' | 'coordinator', cause: string): Millis {
    const wait = backoff(this.#failures, RETRY, this.#parts.random);
    this.#failures += 1;
    this.#state = { kind: 'waiting', for: what, cause };
    return wait;
  }

  #onError(error: unknown): Millis {
    this.#parts.logger.warn({ cause: messageOf(error) }, 'experience could not be sent');
    this.#state = { kind: 'waiting', for: 'store', cause: messageOf(error) };
    return STORE_WAIT;
  }

  /** Once for each coordinator. */
  #tell(kind: string, message: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#parts.journal.record({ severity: 'warning', kind, subject: SUBJECT, message });
  }

  /** 0 while the store cannot be read. */
  #latest(): number {
    try {
      return this.#parts.storage.received(this.#parts.network.self);
    } catch {
      return 0;
    }
  }
}
