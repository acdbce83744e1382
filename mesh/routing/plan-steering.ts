// Puts a plan into force, on the node that holds the authority of the network: signs the orders, watches what becomes of
// them, and takes them back.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { SigningKey } from '../membership/keys.ts';
import type { Statement } from '../membership/statement.ts';
import type { NetworkPlan } from './network-plan.ts';
import { begin, inForce, type Observation, onPeriod, STEPS, type Steering, type WeighedLink } from './steering.ts';
import { MOST_ORDERED, signOrder, weightsTopic } from './weight-order.ts';

/** Longer than what the nodes tell of their traffic takes to come. */
const PERIOD: Millis = 90_000;
/** How often a plan is looked for where it may be put into force unasked; so long nothing is done after one was taken back. */
const LOOK_PERIOD: Millis = 30 * 60_000;
/** Share of the highest utilisation that a plan must take away to be worth the unrest. */
const WORTHWHILE = 0.2;

export interface PlanSteeringParts {
  network: string;
  key: SigningKey;
  clock: Clock;
  journal: Journal;
  /** Whether plans are put into force unasked. */
  auto: boolean;
  /** Asked before that; a rejection says why not. */
  mayApply?: (() => Promise<void>) | undefined;
  /** Undefined while too little is sent to judge by. */
  observe: () => Observation | undefined;
  plan: () => Promise<NetworkPlan>;
  /** Our own links follow as well. */
  ordered: (statement: Statement) => void;
}

export class PlanSteering {
  readonly #parts: PlanSteeringParts;
  #gossip: Pick<Gossip, 'publish'> | undefined;
  #state: Steering = { kind: 'idle' };
  #since: Millis;
  #issuedAt: Millis = 0;
  #timers: Timer[] = [];

  constructor(parts: PlanSteeringParts) {
    this.#parts = parts;
    this.#since = parts.clock.wall();
  }

  start(gossip: Pick<Gossip, 'publish'>): void {
    const { clock, auto } = this.#parts;
    this.#gossip = gossip;
    this.#timers = [clock.every(PERIOD, () => this.#look())];
    if (auto) this.#timers.push(clock.every(LOOK_PERIOD, () => this.#seek()));
  }

  /** Orders that are in force end by themselves. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  get state(): { kind: Steering['kind']; step: number; steps: number; links: number; since: Millis } {
    const links = this.#state.kind === 'idle' ? 0 : this.#state.target.length;
    const step = this.#state.kind === 'stepping' ? this.#state.step : this.#state.kind === 'holding' ? STEPS : 0;
    return { kind: this.#state.kind, step, steps: STEPS, links, since: this.#since };
  }

  /** Throws `PLAN_BLIND` when too little is sent to see what becomes of it, `PLAN_EMPTY`, `PLAN_TOO_LARGE`. */
  apply({ weights }: NetworkPlan, reason: string): void {
    const { changes, maximum, improved } = weights;
    if (changes.length === 0) throw new ParlmeshError('PLAN_EMPTY', 'The plan changes no cost of a link');
    if (changes.length > MOST_ORDERED) {
      throw new ParlmeshError('PLAN_TOO_LARGE', `The plan changes ${changes.length} costs, ${MOST_ORDERED} at most`);
    }
    const before = this.#parts.observe();
    if (before === undefined) {
      throw new ParlmeshError('PLAN_BLIND', 'Too little traffic is measured to see whether the plan helps', {
        hint: 'Put it into force while the network works: parlmesh routes plan says what is measured',
      });
    }
    const target = changes.map(({ a, b, cost, better }): WeighedLink => ({ from: a, to: b, factor: better / cost }));
    const gain = Math.round(100 * (1 - improved / maximum));
    this.#enter(begin(target, before));
    this.#record(
      'info',
      `The plan is put into force in ${STEPS} steps: ${target.length} costs, ${gain} % off the busiest link (${reason})`,
    );
    this.#order();
  }

  /** False when nothing was in force. */
  undo(reason: string): boolean {
    if (this.#state.kind === 'idle') return false;
    this.#enter({ kind: 'idle' });
    this.#record('info', `The plan is taken back: ${reason}`);
    this.#order();
    return true;
  }

  #look(): void {
    const before = this.#state;
    if (before.kind === 'idle') return;
    const { next, worse } = onPeriod(before, this.#parts.observe());
    this.#state = next;
    if (stage(next) !== stage(before)) this.#since = this.#parts.clock.wall();
    if (worse !== undefined) this.#record('warning', `The plan is taken back: ${worse}`);
    else if (next.kind !== before.kind) this.#record('info', 'The plan is wholly in force');
    this.#order();
  }

  async #seek(): Promise<void> {
    if (this.#state.kind !== 'idle' || this.#parts.clock.wall() - this.#since < LOOK_PERIOD) return;
    const plan = await this.#parts.plan().catch(() => undefined);
    if (plan === undefined || plan.traffic !== 'measured' || plan.weights.changes.length > MOST_ORDERED) return;
    if (plan.weights.improved > (1 - WORTHWHILE) * plan.weights.maximum || this.#state.kind !== 'idle') return;
    try {
      await this.#parts.mayApply?.();
    } catch (error) {
      this.#record('warning', `A plan is not put into force: ${messageOf(error)}`);
      return;
    }
    if (this.#state.kind === 'idle') this.apply(plan, 'mesh.plan.apply is auto');
  }

  #enter(state: Steering): void {
    this.#state = state;
    this.#since = this.#parts.clock.wall();
  }

  /** Says what is in force now; nodes take the newest. */
  #order(): void {
    const { network, key, clock, ordered } = this.#parts;
    this.#issuedAt = Math.max(clock.wall(), this.#issuedAt + 1);
    const statement = signOrder(key, { network, issuedAt: this.#issuedAt, links: inForce(this.#state) });
    this.#gossip?.publish(weightsTopic, statement);
    ordered(statement);
  }

  #record(severity: 'info' | 'warning', message: string): void {
    this.#parts.journal.record({ severity, kind: 'mesh.plan', subject: 'service/mesh', message });
  }
}

const stage = (state: Steering): string => `${state.kind} ${state.kind === 'stepping' ? state.step : ''}`;
