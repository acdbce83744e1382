// The mesh's part of the journal: what happened to peers and links, as sentences.

import type { Journal } from '../core/journal.ts';
import type { Link } from './link/link-monitor.ts';
import type { NodeId } from './membership/keys.ts';
import type { TransitVerdict } from './relay/transit-checks.ts';

export class MeshJournal {
  readonly #journal: Journal;
  readonly #nameOf: (id: NodeId) => string;

  constructor(journal: Journal, nameOf: (id: NodeId) => string) {
    this.#journal = journal;
    this.#nameOf = nameOf;
  }

  joined(peer: NodeId, facts: { address: string; version: string }): void {
    this.#journal.record({
      severity: 'info',
      kind: 'peer.joined',
      subject: `peer/${peer}`,
      message: `${this.#nameOf(peer)} is connected`,
      data: facts,
    });
  }

  left(peer: NodeId, cause: string, stopped: boolean): void {
    this.#journal.record({
      severity: stopped ? 'info' : 'warning',
      kind: 'peer.left',
      subject: `peer/${peer}`,
      message: `${this.#nameOf(peer)} is no longer connected: ${cause}`,
    });
  }

  transit(peer: NodeId, { withholds, destination }: TransitVerdict): void {
    const [name, beyond] = [this.#nameOf(peer), this.#nameOf(destination)];
    this.#journal.record({
      severity: withholds ? 'warning' : 'info',
      kind: withholds ? 'peer.withholds' : 'peer.forwards',
      subject: `peer/${peer}`,
      message: withholds
        ? `${name} does not forward: ${beyond} answers around it, and not through it; other ways are preferred`
        : `${name} forwards again: ${beyond} answers through it`,
    });
  }

  /** Only up and down are news; suspicion mostly passes. */
  link({ peer, state, cost, quality, indirect }: Link, before: Link | undefined): void {
    if (indirect?.reached === false && before?.indirect?.reached !== false) {
      const others = indirect.asked.map((other) => ` nor ${this.#nameOf(other)}`).join('');
      this.#journal.record({
        severity: 'warning',
        kind: 'peer.silent',
        subject: `peer/${peer}`,
        message: `${this.#nameOf(peer)} is silent: it answers neither this node${others || ' nor anybody who could be asked'}`,
      });
    }
    if (before === undefined || before.state.kind === state.kind || state.kind === 'suspect') return;
    this.#journal.record({
      severity: state.kind === 'down' ? 'warning' : 'info',
      kind: `link.${state.kind}`,
      subject: `peer/${peer}`,
      message: `Link to ${this.#nameOf(peer)} is ${state.kind === 'down' ? `down: ${state.cause}` : 'up'}`,
      data: { cost, loss: quality.loss },
    });
  }
}
