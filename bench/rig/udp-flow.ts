// A flow of UDP probes between the two far ends of a rig, through whatever routes its kernels have.

import { join } from 'node:path';
import type { NamespaceRig } from './namespaces.ts';
import type { Probe } from './outage.ts';
import { Running } from './processes.ts';
import { ownAddress } from './topology.ts';

export const PROBE_PORT = 7007;
/** Milliseconds. */
export const PROBE_INTERVAL = 5;

/** Pairs of sequence number and moment. */
export interface ProbeReport {
  sent: [number, number][];
  answered: [number, number][];
}

/** Older probes are forgotten. */
const MEMORY = 120_000;

export class UdpFlow {
  readonly #probes: { sentAt: number; answeredAt: number | undefined }[] = [];
  #forgotten = 0;
  readonly #processes: Running[];

  constructor(rig: NamespaceRig) {
    const { from, to } = rig.topology;
    this.#processes = [
      new Running([...rig.inside(to), ...probe, 'echo', ownAddress(to)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
      new Running([...rig.inside(from), ...probe, 'send', ownAddress(from), ownAddress(to)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    ];
    this.#processes[1]!.child.on('message', (message) => this.#record(message as ProbeReport));
  }

  /** Those sent from `from` to `to`, of the last two minutes; those younger than 50 ms may be missing. */
  probes(from: number, to: number): Probe[] {
    return this.#probes.filter(({ sentAt }) => sentAt >= from && sentAt <= to);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop()));
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

const probe = [process.execPath, join(import.meta.dirname, 'udp-probe.ts')] as const;
