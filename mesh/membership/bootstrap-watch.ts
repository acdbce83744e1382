// Tells when a configured address leads nowhere: a typing error or a foreign network would else be searched for long.

import type { Journal } from '../../core/journal.ts';
import type { NodeId } from './keys.ts';

/** Failures in a row before it is told. */
const FAILURES = 3;

interface Watched {
  failures: number;
  told: boolean;
}

export class BootstrapWatch {
  readonly #journal: Journal;
  readonly #addresses: Map<string, Watched>;

  /** @param addresses `mesh.bootstrap` */
  constructor(journal: Journal, addresses: readonly string[]) {
    this.#journal = journal;
    this.#addresses = new Map(addresses.map((address) => [address, { failures: 0, told: false }]));
  }

  /** Others than the configured addresses are ignored. */
  failed(addresses: readonly string[], cause: string): void {
    for (const address of addresses) {
      const watched = this.#addresses.get(address);
      if (watched === undefined || ++watched.failures < FAILURES || watched.told) continue;
      watched.told = true;
      this.#tell('warning', address, `leads nowhere: ${cause}`);
    }
  }

  reached(addresses: readonly string[]): void {
    for (const address of addresses) {
      const watched = this.#addresses.get(address);
      if (watched?.told) this.#tell('info', address, 'works now');
      if (watched !== undefined) Object.assign(watched, { failures: 0, told: false });
    }
  }

  /** The peer came by itself, or at another address. */
  connected(peer: NodeId): void {
    this.reached([...this.#addresses.keys()].filter((address) => address.endsWith(`/p2p/${peer}`)));
  }

  #tell(severity: 'info' | 'warning', address: string, what: string): void {
    this.#journal.record({
      severity,
      kind: severity === 'info' ? 'mesh.bootstrap.reached' : 'mesh.bootstrap.failed',
      subject: 'service/mesh',
      message: `The address ${address} of mesh.bootstrap ${what}`,
      data: { address },
    });
  }
}
