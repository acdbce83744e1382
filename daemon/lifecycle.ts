// Starts services in order and stops them in reverse. A required one that fails stops the start; an optional one is
// degraded, named with its cause, and tried again with back-off for as long as the node runs.

import { EventEmitter } from 'node:events';
import { type BackoffOptions, backoff } from '../core/backoff.ts';
import type { Clock, Millis, Timer } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Service } from '../core/service.ts';

export type ServiceState =
  | { kind: 'stopped' }
  | { kind: 'starting' }
  | { kind: 'running' }
  | { kind: 'degraded'; cause: string; nextAttemptAt: Millis | undefined }
  | { kind: 'stopping' };

export interface ServiceStatus {
  name: string;
  required: boolean;
  state: ServiceState;
  /** Wall-clock milliseconds of the last change of `state`. */
  since: Millis;
  /** Starts tried since it last ran. */
  attempts: number;
}

interface Entry extends ServiceStatus {
  service: Service;
  retry: Timer | undefined;
  /** The start or restart under way, so that stop can wait for it. */
  pending: Promise<void> | undefined;
}

export interface LifecycleOptions {
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
  /** Milliseconds a start may take before it counts as failed. */
  startDeadline?: Millis;
  /** Milliseconds a stop may take before it is given up. */
  stopDeadline?: Millis;
  /** Wait between tries of an optional service. */
  retry?: BackoffOptions;
}

/** Emits `change` with the status of the service that changed. */
export class Lifecycle extends EventEmitter<{ change: [ServiceStatus] }> {
  readonly #options: Required<LifecycleOptions>;
  readonly #entries: Entry[] = [];
  readonly #stopping = new AbortController();

  constructor(options: LifecycleOptions) {
    super();
    this.#options = { startDeadline: 30_000, stopDeadline: 5_000, retry: { first: 1_000, most: 60_000 }, ...options };
  }

  /** Adds a service; order of adding is order of starting. */
  add(service: Service, options: { required: boolean }): void {
    if (this.#entries.some((entry) => entry.name === service.name)) {
      throw new ParlmeshError('SERVICE_DUPLICATE', `two services are named "${service.name}"`);
    }
    this.#entries.push({
      service,
      name: service.name,
      required: options.required,
      state: { kind: 'stopped' },
      since: this.#options.clock.wall(),
      attempts: 0,
      retry: undefined,
      pending: undefined,
    });
  }

  /**
   * Starts all services in order. Rejects with the cause of the first required service that fails, or with the
   * signal's reason; the caller then calls `stop`.
   */
  async start(signal: AbortSignal): Promise<void> {
    for (const entry of this.#entries) {
      signal.throwIfAborted();
      await this.#attempt(entry, AbortSignal.any([signal, this.#stopping.signal]));
    }
  }

  /** Stops all services in reverse order, each within the deadline. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort(new ParlmeshError('STOPPING', 'the node is stopping'));
    for (const entry of this.#entries.toReversed()) {
      entry.retry?.cancel();
      await entry.pending?.catch(() => {});
      if (entry.state.kind === 'stopped') continue;
      this.#enter(entry, { kind: 'stopping' });
      await this.#stopWithin(entry);
      this.#enter(entry, { kind: 'stopped' });
    }
  }

  /** Whether a service runs; undefined where there is none of that name. */
  isRunning(name: string): boolean | undefined {
    const status = this.statuses().find((one) => one.name === name);
    return status && status.state.kind === 'running';
  }

  statuses(): ServiceStatus[] {
    return this.#entries.map(({ name, required, state, since, attempts }) => ({
      name,
      required,
      state,
      since,
      attempts,
    }));
  }

  /** A running service that mends itself says here how it is: a cause, or undefined when it is well again. */
  report(name: string, cause: string | undefined): void {
    const entry = this.#entries.find((candidate) => candidate.name === name);
    if (entry === undefined) return;
    if (cause === undefined) {
      if (entry.state.kind !== 'degraded' || entry.retry !== undefined) return;
      this.#enter(entry, { kind: 'running' });
      this.#recovered(entry);
    } else if (entry.state.kind === 'running') {
      this.#degrade(entry, cause, undefined);
    } else if (entry.state.kind === 'degraded' && entry.retry === undefined && entry.state.cause !== cause) {
      this.#enter(entry, { kind: 'degraded', cause, nextAttemptAt: undefined });
    }
  }

  /**
   * Stops one service and starts it again now, whatever its back-off. Throws `SERVICE_UNKNOWN`, and `SERVICE_DOWN` when it does
   * not come up: it is then tried again like any other that failed.
   */
  async restart(name: string): Promise<void> {
    const entry = this.#require(name);
    await entry.pending?.catch(() => {});
    this.#stopping.signal.throwIfAborted();
    if (entry.state.kind !== 'running' && entry.state.kind !== 'degraded') {
      throw new ParlmeshError('SERVICE_DOWN', `${name} is ${entry.state.kind}`);
    }
    entry.retry?.cancel();
    entry.retry = undefined;
    if (entry.state.kind === 'running') await this.#stopWithin(entry);
    entry.pending = this.#attempt(entry, this.#stopping.signal).finally(() => {
      entry.pending = undefined;
    });
    await entry.pending;
    const { state } = entry as ServiceStatus;
    if (state.kind === 'degraded') throw new ParlmeshError('SERVICE_DOWN', `${name} did not come up: ${state.cause}`);
  }

  /**
   * Ends one service behind the back of whoever runs it, for trying out what follows: only chaos does that. Throws
   * `SERVICE_UNKNOWN`. @param cause as the service would say it of itself; undefined when it says nothing
   */
  async breakDown(name: string, cause: string | undefined): Promise<void> {
    const entry = this.#require(name);
    await this.#stopWithin(entry);
    if (cause !== undefined) this.report(name, cause);
  }

  #require(name: string): Entry {
    const entry = this.#entries.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new ParlmeshError('SERVICE_UNKNOWN', `there is no service "${name}"`);
    return entry;
  }

  async #attempt(entry: Entry, signal: AbortSignal): Promise<void> {
    const wasDegraded = entry.state.kind === 'degraded';
    entry.attempts++;
    if (!wasDegraded) this.#enter(entry, { kind: 'starting' });
    const began = this.#options.clock.now();
    // What half a start left, and may serve until now, is given back only before the next try.
    if (wasDegraded) await this.#stopWithin(entry);
    try {
      await this.#startWithin(entry, signal);
    } catch (thrown) {
      if (entry.required || signal.aborted) {
        await this.#stopWithin(entry);
        this.#enter(entry, { kind: 'stopped' });
        throw thrown;
      }
      this.#retryLater(entry, messageOf(thrown));
      return;
    }
    this.#options.logger.debug(
      { service: entry.name, seconds: (this.#options.clock.now() - began) / 1000 },
      'service started',
    );
    entry.attempts = 0;
    this.#enter(entry, { kind: 'running' });
    if (wasDegraded) this.#recovered(entry);
  }

  #retryLater(entry: Entry, cause: string): void {
    const { clock, random, retry } = this.#options;
    const wait = backoff(entry.attempts - 1, retry, random);
    entry.retry = clock.after(wait, () => {
      entry.retry = undefined;
      entry.pending = this.#attempt(entry, this.#stopping.signal)
        .catch(() => {})
        .finally(() => {
          entry.pending = undefined;
        });
    });
    this.#degrade(entry, cause, clock.wall() + wait);
  }

  #degrade(entry: Entry, cause: string, nextAttemptAt: Millis | undefined): void {
    const before = entry.state;
    this.#enter(entry, { kind: 'degraded', cause, nextAttemptAt });
    if (before.kind === 'degraded' && before.cause === cause) return;
    this.#options.logger.warn({ service: entry.name, cause }, 'service degraded');
    this.#options.journal.record({
      severity: 'warning',
      kind: 'service.degraded',
      subject: `service/${entry.name}`,
      message: `${entry.name} is degraded: ${cause}`,
    });
  }

  #recovered(entry: Entry): void {
    this.#options.logger.info({ service: entry.name }, 'service recovered');
    this.#options.journal.record({
      severity: 'info',
      kind: 'service.recovered',
      subject: `service/${entry.name}`,
      message: `${entry.name} works again`,
    });
  }

  async #startWithin(entry: Entry, signal: AbortSignal): Promise<void> {
    const deadline = new AbortController();
    const { startDeadline, clock } = this.#options;
    const timer = clock.after(startDeadline, () => {
      deadline.abort(
        new ParlmeshError('START_TIMEOUT', `${entry.name} did not start within ${startDeadline / 1000} s`),
      );
    });
    const either = AbortSignal.any([signal, deadline.signal]);
    try {
      await Promise.race([entry.service.start(either), rejectOnAbort(either)]);
    } finally {
      timer.cancel();
    }
  }

  async #stopWithin(entry: Entry): Promise<void> {
    const { stopDeadline, clock, logger } = this.#options;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.after(stopDeadline, () => {
        logger.warn({ service: entry.name }, `service did not stop within ${stopDeadline / 1000} s; left behind`);
        resolve();
      });
    });
    const stopped = entry.service.stop().catch((thrown: unknown) => {
      logger.warn({ service: entry.name, cause: messageOf(thrown) }, 'service failed while stopping');
    });
    await Promise.race([stopped, late]);
    timer?.cancel();
  }

  #enter(entry: Entry, state: ServiceState): void {
    if (entry.state.kind !== state.kind) entry.since = this.#options.clock.wall();
    entry.state = state;
    const { name, required, since, attempts } = entry;
    this.emit('change', { name, required, state, since, attempts });
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
