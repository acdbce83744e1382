// The election as a service: hears words by gossip, watches who can be reached, writes the term down before it claims, and
// tells who has the seat. What it decides is in election.ts.

import { EventEmitter } from 'node:events';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Service } from '../../../core/service.ts';
import type { AgentNetwork } from '../../network.ts';
import type { Leadership, Notebook } from '../rounds/ports.ts';
import { step } from './election.ts';
import {
  beatEvery,
  begin,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionRules,
  type ElectionState,
  type Seat,
  type SeatReason,
  seatOf,
  settleTime,
} from './election-state.ts';
import { costOf, distanceOf } from './standing.ts';
import { seatTopic, Term } from './word.ts';

export interface ElectionParts {
  network: AgentNetwork;
  /** Durable, of this node alone: the term, and whether it had the seat. */
  notebook: Notebook;
  /** How likely this board stays, 0 to 1: `stabilityOf`. */
  stability(): number;
  /** Whether that node may coordinate at all: it has the capability, is not banned. Words of others count for nothing. */
  mayCoordinate(node: string): boolean;
  config: {
    /** Name or id of the coordinator; `auto`: the nodes elect one. */
    coordinator: string;
    /** This node takes the seat when it falls to it. */
    candidate: boolean;
    /** Seconds; see `ElectionRules.lease`. */
    lease: number;
  };
  /** This node's name for people. */
  name: string;
  clock: Clock;
  journal: Journal;
}

const Kept = Type.Object({ term: Term, held: Type.Boolean() });
type Kept = Static<typeof Kept>;

/** A node that differs so much from its like is not trusted with the seat. */
const MOST_SCORE = 0.9;
const MARGIN = 0.3;
/** Leases for which another must be the better one before the seat moves. */
const MOVE_AFTER = 20;
/** Looks a lease. */
const LOOKS = 15;
/** Share of a lease that nobody need be reached: on a busy radio routes are lost for seconds, and the seat is not. */
const GRACE = 1 / 3;

const REASONS: Record<SeatReason, string> = {
  'claim-heard': 'it has claimed the seat',
  claimed: 'the seat was empty, and it is the best of those that can be reached',
  'lease-out': 'the coordinator has not renewed its lease',
  gone: 'the coordinator cannot be reached any more',
  withdrew: 'the coordinator has left the seat',
  outranked: 'two parts of the network met that had one each, and its claim is the later or better one',
  raised: 'others know of a later term',
  moved: 'another node has long been clearly nearer to all',
  stopped: 'this node stops',
};

/** Emits `changed` after the seat changed hands, as this node sees it. `current().term` never falls. */
export class CoordinatorElection
  extends EventEmitter<{ changed: [seat: Seat, before: Seat, reason: SeatReason] }>
  implements Service, Leadership
{
  readonly name = 'federation-election';
  readonly #parts: ElectionParts;
  readonly #rules: ElectionRules;
  #state: ElectionState | undefined;
  #timers: Timer[] = [];
  #stopWatching: (() => void) | undefined;
  /** Writes go one after the other, so that the last one stays. */
  #writing: Promise<void> = Promise.resolve();
  readonly #queue: ElectionEvent[] = [];
  #isStepping = false;
  /** When nodes could be reached last. */
  readonly #reachedAt = new Map<string, Millis>();

  /** Before the network starts. */
  constructor(parts: ElectionParts) {
    super();
    this.#parts = parts;
    const { config, network, name } = parts;
    const lease: Millis = config.lease * 1000;
    this.#rules = {
      ...{ lease, candidate: config.candidate, margin: MARGIN, moveAfter: MOVE_AFTER * lease },
      appointed: config.coordinator !== 'auto' && [network.self, name].includes(config.coordinator),
    };
    network.subscribe(seatTopic, (from, word) => {
      if (parts.mayCoordinate(from)) this.#take({ kind: 'heard', from, word: this.#withOwnAppointment(from, word) });
    });
  }

  /** Rejects when the term of an earlier life cannot be read: it must not be claimed a second time. */
  async start(signal: AbortSignal): Promise<void> {
    const { network, clock } = this.#parts;
    const document = await this.#parts.notebook.read();
    signal.throwIfAborted();
    const kept: Kept = Value.Check(Kept, document) ? document : { term: 0, held: false };
    this.#state = begin(network.self, kept, costOf(undefined, this.#parts.stability()), clock.now(), this.#rules);
    this.#stopWatching = network.onNodes(() => this.#look());
    this.#timers = [
      clock.every(this.#rules.lease / LOOKS, () => {
        if (this.#reachedAt.size > 0) this.#look();
        this.#take({ kind: 'tick' });
      }),
      clock.every(beatEvery(this.#rules.lease), () => {
        this.#measure();
        this.#look();
      }),
    ];
    this.#look();
  }

  async stop(): Promise<void> {
    this.#take({ kind: 'stop' });
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#state = undefined;
    await this.#writing;
  }

  get lease(): Millis {
    return this.#rules.lease;
  }

  get seat(): Seat {
    return this.#state === undefined ? { kind: 'none' } : seatOf(this.#state);
  }

  current(): { node: string; term: number } | undefined {
    const { seat } = this;
    if (seat.kind === 'none') return undefined;
    return { node: seat.kind === 'self' ? this.#parts.network.self : seat.node, term: seat.term };
  }

  onChange(listener: () => void): () => void {
    this.on('changed', listener);
    return () => this.off('changed', listener);
  }

  /** What an operator sees: everybody who was heard, the best candidate first. */
  candidates(): { node: string; cost: number; candidate: boolean; present: boolean }[] {
    const state = this.#state;
    if (state === undefined) return [];
    return [...state.words]
      .map(([node, { word }]) => ({
        ...{ node, cost: word.cost, candidate: word.candidate },
        present: state.present.has(node),
      }))
      .sort((a, b) => a.cost - b.cost);
  }

  /** Steps one event after the other: what listeners do may bring the next one. */
  #take(event: ElectionEvent): void {
    this.#queue.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        if (this.#state === undefined) continue;
        const { state, effects } = step(this.#state, next, this.#parts.clock.now(), this.#rules);
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #carryOut(effect: ElectionEffect): void {
    switch (effect.kind) {
      case 'say':
        this.#parts.network.publish(seatTopic, effect.word);
        return;
      case 'keep':
        this.#writing = this.#writing.then(() => this.#keep(effect));
        return;
      case 'changed':
        this.#tell(effect);
        this.emit('changed', effect.seat, effect.before, effect.reason);
    }
  }

  /** Never rejects. */
  async #keep({ term, held, asks }: Extract<ElectionEffect, { kind: 'keep' }>): Promise<void> {
    const { notebook, clock, journal } = this.#parts;
    try {
      await notebook.write({ term, held });
      if (asks) this.#take({ kind: 'kept', term });
    } catch (thrown) {
      journal.record({
        ...{ severity: 'warning', kind: 'federation.term-not-kept', subject: 'service/federation' },
        message: `Term ${term} could not be written down: ${messageOf(thrown)}${asks ? '; this node does not claim the seat' : ''}`,
        data: { term },
      });
      // At once it would fail again.
      if (asks) clock.after(settleTime(this.#rules.lease), () => this.#take({ kind: 'not-kept', term }));
    }
  }

  #measure(): void {
    const { network, stability } = this.#parts;
    const distance = distanceOf(network.nodes());
    if (distance !== undefined) this.#take({ kind: 'measured', cost: costOf(distance, stability()) });
  }

  #look(): void {
    if (this.#state?.isMeasured === false) this.#measure();
    const { network, clock, mayCoordinate } = this.#parts;
    const now = clock.now();
    const present = new Set<string>();
    for (const { id, reachable, score } of network.nodes()) {
      if (reachable) this.#reachedAt.set(id, now);
      const isThere = now - (this.#reachedAt.get(id) ?? -Infinity) <= this.#rules.lease * GRACE;
      if (isThere && score < MOST_SCORE && mayCoordinate(id)) present.add(id);
    }
    for (const [id, at] of this.#reachedAt) if (now - at > this.#rules.lease) this.#reachedAt.delete(id);
    this.#take({ kind: 'present', nodes: present });
  }

  /** Whom this node's configuration names is appointed here, and nobody else; without a name, who says so of itself. */
  #withOwnAppointment<W extends { appointed?: boolean }>(from: string, word: W): W {
    const { coordinator } = this.#parts.config;
    if (coordinator === 'auto') return word;
    const name = this.#parts.network.nodes().find(({ id }) => id === from)?.name;
    return { ...word, appointed: coordinator === from || coordinator === name };
  }

  #tell({ seat, before, reason }: Extract<ElectionEffect, { kind: 'changed' }>): void {
    const { network, journal, name } = this.#parts;
    const nameOf = (id: string): string => network.nodes().find((node) => node.id === id)?.name ?? id;
    const who = { none: 'Nobody', self: name, other: seat.kind === 'other' ? nameOf(seat.node) : '' }[seat.kind];
    journal.record({
      severity: seat.kind === 'none' && reason !== 'stopped' ? 'warning' : 'info',
      kind: 'federation.coordinator',
      subject: 'service/federation',
      message: `${who} coordinates the federation${seat.kind === 'none' ? ' now' : ` in term ${seat.term}`}: ${REASONS[reason]}`,
      data: { seat, before, reason },
    });
  }
}
