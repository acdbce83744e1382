// A process in a node's namespace that sends probes and reports them.

import type { Probe } from './outage.ts';
import { Running } from './processes.ts';

/** Milliseconds between probes. */
export const PROBE_INTERVAL = 5;
const REPORT_PERIOD = 50;

/** Pairs of sequence number and moment. */
export interface ProbeReport {
  sent: [number, number][];
  answered: [number, number][];
}

/** Older probes are forgotten. */
const MEMORY = 120_000;

/** In the process: collects what is to be told and tells it. */
export class ProbeReporter {
  #report: ProbeReport = { sent: [], answered: [] };

  constructor() {
    setInterval(() => {
      process.send?.(this.#report);
      this.#report = { sent: [], answered: [] };
    }, REPORT_PERIOD);
    process.on('disconnect', () => process.exit());
  }

  sent(sequence: number, at: number): void {
    this.#report.sent.push([sequence, at]);
  }

  answered(sequence: number, at: number): void {
    this.#report.answered.push([sequence, at]);
  }
}

/** In the bench: starts the process and keeps what it tells. */
export class ProbeProcess {
  readonly #process: Running;
  readonly #probes: { sentAt: number; answeredAt: number | undefined }[] = [];
  #forgotten = 0;

  constructor(command: readonly [string, ...string[]]) {
    this.#process = new Running(command, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#process.child.on('message', (message) => this.#record(message as ProbeReport));
  }

  /** Those sent from `from` to `to`, of the last two minutes; those younger than 50 ms may be missing. */
  probes(from: number, to: number): Probe[] {
    return this.#probes.filter(({ sentAt }) => sentAt >= from && sentAt <= to);
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  #record({ sent, answered }: ProbeReport): void {
    for (const [, sentAt] of sent) this.#probes.push({ sentAt, answeredAt: undefined });
    for (const [sequence, at] of answered) {
      const one = this.#probes[sequence - this.#forgotten];
      if (one !== undefined) one.answeredAt ??= at;
    }
    const most = MEMORY / PROBE_INTERVAL;
    if (this.#probes.length > 2 * most) {
      this.#forgotten += this.#probes.length - most;
      this.#probes.splice(0, this.#probes.length - most);
    }
  }
}
