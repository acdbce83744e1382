// A flow of UDP probes between the two far ends of a rig, through whatever routes its kernels have.

import { join } from 'node:path';
import type { NamespaceRig } from './namespaces.ts';
import type { Probe } from './outage.ts';
import { ProbeProcess } from './probe-process.ts';
import { Running } from './processes.ts';
import { ownAddress } from './topology.ts';

const program = [process.execPath, join(import.meta.dirname, 'udp-probe.ts')] as const;

export class UdpFlow {
  readonly #echo: Running;
  readonly #sender: ProbeProcess;

  constructor(rig: NamespaceRig) {
    const { from, to } = rig.topology;
    this.#echo = new Running([...rig.inside(to), ...program, 'echo', ownAddress(to)]);
    this.#sender = new ProbeProcess([...rig.inside(from), ...program, 'send', ownAddress(from), ownAddress(to)]);
  }

  probes(from: number, to: number): Probe[] {
    return this.#sender.probes(from, to);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#echo.stop('SIGKILL'), this.#sender.stop()]);
  }
}
