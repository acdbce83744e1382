// Injects faults into this node on purpose, each for a bounded time, and takes every one of them away: at its end, when somebody
// says so, when the node stops, and at the next start where it could not be before. docs/chaos.md tells which there are.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { ChaosConfig } from './config.ts';
import { type Injection, type InjectionKind, targetOf, type Undo } from './injection.ts';
import { Dice, type SchedulePlan } from './schedule.ts';
import type { TraceEntry, Traces } from './traces.ts';
import type { ChaosView, InjectionView } from './view.ts';

export interface ChaosParts {
  config: ChaosConfig;
  kinds: readonly InjectionKind[];
  traces: Traces;
  /** Whether a token of the authority that this node holds names `chaos.inject`. */
  isGranted: () => boolean;
  /** Makes sure that a policy that was bad on purpose is in force no more. */
  takePolicyBack: (version: string) => Promise<void>;
  clock: Clock;
  random: Random;
  journal: Journal;
}

interface Running {
  view: InjectionView;
  undo: Undo;
  timers: Timer[];
  ending: Promise<void> | undefined;
}

interface Schedule {
  plan: SchedulePlan;
  endsAt: Millis;
  injected: number;
  timers: Timer[];
}

/** At once. */
const MOST_RUNNING = 8;
const MOST_PAST = 100;
/** Between looks at whether a fault still does harm. */
const LOOK: Millis = 20;
/** What takes longer to be undone is left to the next start, where it left traces. */
const UNDO_WITHIN: Millis = 10_000;

export class Chaos implements Service {
  readonly name = 'chaos';
  readonly #parts: ChaosParts;
  readonly #kinds: ReadonlyMap<string, InjectionKind>;
  readonly #running = new Map<string, Running>();
  #past: InjectionView[] = [];
  #schedule: Schedule | undefined;
  #count = 0;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
    this.#kinds = new Map(parts.kinds.map((kind) => [kind.name, kind]));
  }

  /** Takes away what an earlier life left in the midst of a fault. Never rejects for what cannot be taken away. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { traces } = this.#parts;
    const left = traces.left();
    for (const entry of left) await this.#clean(entry);
    if (left.length > 0) traces.clear();
  }

  async stop(): Promise<void> {
    await this.end();
  }

  view(): ChaosView {
    const refusal = this.#refusal();
    return {
      allowed: refusal === undefined,
      ...(refusal !== undefined && { why: refusal.message }),
      faults: [...this.#kinds.values()].map((kind) => {
        const targets = kind.targets();
        return {
          name: kind.name,
          fault: kind.fault,
          does: kind.does,
          lastsSeconds: kind.lasts / 1000,
          targets: targets.slice(0, 100),
          ...(targets.length === 0 && { unavailable: kind.why?.() ?? 'there is none' }),
        };
      }),
      running: [...this.#running.values()].map(({ view }) => view),
      past: [...this.#past],
      ...(this.#schedule !== undefined && {
        schedule: {
          everySeconds: this.#schedule.plan.every / 1000,
          seed: this.#schedule.plan.seed,
          endsAt: this.#schedule.endsAt,
          injected: this.#schedule.injected,
        },
      }),
    };
  }

  /**
   * Injects one fault. Throws `CHAOS_REFUSED` on a node that is not for that, `CHAOS_UNKNOWN`, `CHAOS_NO_TARGET`, `CHAOS_BUSY`, and
   * `CHAOS_FAILED` when it could not be done: nothing of it is left then.
   * @param lasts milliseconds; what is usual for the fault when left out, bounded by `chaos.mostSeconds`
   */
  async inject(name: string, options: { target?: string; lasts?: Millis; by: string }): Promise<InjectionView> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    const kind = this.#kindOf(name);
    const target = targetOf(kind, options.target, (count) => this.#parts.random.below(count));
    if (this.#running.size >= MOST_RUNNING) {
      throw new ParlmeshError('CHAOS_BUSY', `${MOST_RUNNING} faults are injected already`, {
        hint: 'parlmesh chaos stop takes them away',
      });
    }
    for (const { view } of this.#running.values()) {
      if (view.name === name && view.target === target) {
        throw new ParlmeshError('CHAOS_BUSY', `${name} is injected at ${target} already`);
      }
    }
    const most = this.#parts.config.mostSeconds * 1000;
    return this.#begin(kind, await kind.at(target, Math.min(options.lasts ?? kind.lasts, most)), options.by);
  }

  /** Random faults, one after the other. Throws as `inject`, and `CHAOS_BUSY` while a run goes on. */
  schedule(plan: SchedulePlan, by: string): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    if (this.#schedule !== undefined) throw new ParlmeshError('CHAOS_BUSY', 'A run of random faults goes on already');
    for (const name of plan.faults ?? []) this.#kindOf(name);
    const { clock } = this.#parts;
    const dice = new Dice(plan.seed);
    const schedule: Schedule = { plan, endsAt: clock.wall() + plan.during, injected: 0, timers: [] };
    const next = (): void => void this.#injectAtRandom(schedule, dice, by);
    schedule.timers = [
      clock.after(0, next),
      clock.every(plan.every, next),
      clock.after(plan.during, () => this.#endSchedule()),
    ];
    this.#schedule = schedule;
    const message = `A random fault every ${plan.every / 1000} s begins, for ${plan.during / 1000} s (by ${by})`;
    this.#record('warning', 'chaos.schedule', 'node', message, { seed: plan.seed });
  }

  /** Ends the run of random faults and takes away what is injected; resolves with how many there were. Never rejects. */
  async end(): Promise<number> {
    this.#endSchedule();
    const ids = [...this.#running.keys()];
    await Promise.all(ids.map((id) => this.#end(id, 'it was stopped')));
    return ids.length;
  }

  #refusal(): ParlmeshError | undefined {
    const { config, isGranted } = this.#parts;
    if (config.enabled || isGranted()) return undefined;
    return new ParlmeshError(
      'CHAOS_REFUSED',
      'Faults are injected in demo and test networks only, and this node is in none',
      {
        hint: 'chaos.enabled in the configuration says that it is; else a token of the authority that names chaos.inject allows it',
      },
    );
  }

  #kindOf(name: string): InjectionKind {
    const kind = this.#kinds.get(name);
    if (kind !== undefined) return kind;
    throw new ParlmeshError('CHAOS_UNKNOWN', `There is no fault "${name.slice(0, 100)}"`, {
      hint: 'parlmesh chaos list shows them',
    });
  }

  async #begin(kind: InjectionKind, injection: Injection, by: string): Promise<InjectionView> {
    const { traces, clock } = this.#parts;
    const id = `${kind.name}-${(++this.#count).toString(36)}-${clock.wall().toString(36)}`;
    const { fault, subject, target, lasts } = injection;
    if (injection.traces !== undefined) {
      traces.add({ id, fault: kind.name, target, traces: [...injection.traces] });
    }
    const startedAt = clock.wall();
    // Its place is taken before it is done, so that two cannot begin at once.
    const view: InjectionView = { id, name: kind.name, fault, subject, target, startedAt, endsAt: startedAt + lasts };
    const running: Running = { view, undo: () => {}, timers: [], ending: undefined };
    this.#running.set(id, running);
    this.#record(
      'warning',
      'chaos.injected',
      subject,
      `${kind.name} is injected for ${lasts / 1000} s (by ${by})`,
      view,
    );
    try {
      running.undo = await injection.inject();
    } catch (error) {
      this.#running.delete(id);
      traces.remove(id);
      this.#record('error', 'chaos.failed', subject, `${kind.name} could not be injected: ${messageOf(error)}`, { id });
      if (error instanceof ParlmeshError) throw error;
      throw new ParlmeshError('CHAOS_FAILED', `${kind.name} could not be injected: ${messageOf(error)}`, {
        cause: error,
      });
    }
    running.timers = [
      clock.after(lasts, () => void this.#end(id, 'its time is over')),
      clock.every(LOOK, () => this.#lookForHarm(running, injection)),
    ];
    return view;
  }

  #lookForHarm({ view }: Running, { harms }: Injection): void {
    if (view.goneAt === undefined && harms?.() === false) view.goneAt = this.#parts.clock.wall();
  }

  #end(id: string, why: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return Promise.resolve();
    for (const timer of running.timers) timer.cancel();
    running.ending ??= this.#undo(id, running, why);
    return running.ending;
  }

  async #undo(id: string, { view, undo }: Running, why: string): Promise<void> {
    const { clock, traces } = this.#parts;
    const late = Promise.withResolvers<never>();
    const timer = clock.after(UNDO_WITHIN, () =>
      late.reject(new ParlmeshError('CHAOS_NOT_UNDONE', `that takes longer than ${UNDO_WITHIN / 1000} s`)),
    );
    let cause: string | undefined;
    try {
      await Promise.race([undo(), late.promise]);
      traces.remove(id);
    } catch (error) {
      cause = messageOf(error);
    } finally {
      timer.cancel();
      late.promise.catch(() => {});
      this.#running.delete(id);
    }
    const ended: InjectionView = { ...view, endedAt: clock.wall(), ...(cause !== undefined && { notUndone: cause }) };
    this.#past = [ended, ...this.#past].slice(0, MOST_PAST);
    if (cause === undefined) this.#record('info', 'chaos.ended', view.subject, `${view.name} is over: ${why}`, ended);
    else this.#record('error', 'chaos.failed', view.subject, `${view.name} was not undone: ${cause}`, ended);
  }

  async #injectAtRandom(schedule: Schedule, dice: Dice, by: string): Promise<void> {
    const { faults } = schedule.plan;
    const kinds = [...this.#kinds.values()].filter(({ name }) => faults?.includes(name) ?? true);
    const draw = dice.draw(new Map(kinds.map((kind) => [kind.name, kind.targets()])));
    if (draw === undefined || this.#schedule !== schedule) return;
    schedule.injected++;
    // What could not be injected stands in the journal.
    await this.inject(draw.name, { target: draw.target, lasts: schedule.plan.every * 0.8, by }).catch(() => {});
  }

  #endSchedule(): void {
    for (const timer of this.#schedule?.timers ?? []) timer.cancel();
    this.#schedule = undefined;
  }

  async #clean(entry: TraceEntry): Promise<void> {
    const { traces, takePolicyBack } = this.#parts;
    try {
      for (const trace of entry.traces) {
        if (trace.kind === 'file') traces.deleteFile(trace.path);
        else await takePolicyBack(trace.version);
      }
      const message = `The node ended while ${entry.fault} was injected at ${entry.target}; what was left of it is taken away`;
      this.#record('warning', 'chaos.cleaned', 'node', message, { id: entry.id });
    } catch (error) {
      const message = `What was left of ${entry.fault} at ${entry.target} could not be taken away: ${messageOf(error)}`;
      this.#record('error', 'chaos.failed', 'node', message, { id: entry.id });
    }
  }

  #record(
    severity: 'info' | 'warning' | 'error',
    kind: string,
    subject: string,
    message: string,
    data: Record<string, unknown>,
  ): void {
    this.#parts.journal.record({ severity, kind, subject, message, data });
  }
}
