// The link watcher: follows the measured links and journals what people should know of them.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Journal, JournalEntry } from '../../core/journal.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';
import { type LinkSample, observeCalm, observeLinks, type WatchedLinks } from './link-symptoms.ts';

/** Where the measurements come from. */
export interface LinkSource {
  /** Calls `listener` with all links whenever any was measured anew; returns how to stop. */
  onLinks(listener: (links: readonly LinkSample[]) => void): () => void;
}

export interface LinkWatcherOptions {
  id: string;
  source: LinkSource;
  journal: Journal;
  clock: Clock;
}

const CALM_CHECK: Millis = 5_000;

/** Snapshots go through the mailbox: when they come faster than they are read, the oldest give way. */
export class LinkWatcher extends Agent<readonly LinkSample[]> {
  readonly #options: LinkWatcherOptions;
  #links: WatchedLinks = new Map();

  constructor(options: LinkWatcherOptions) {
    const capabilities = [onThisNode('link.observe')];
    const mailbox = { most: 16, whenFull: 'drop-oldest' } as const;
    super({ id: options.id, kind: 'link-watcher', version: '1', capabilities, mailbox }, options.clock);
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { source, clock } = this.#options;
    this.scope.onClose(source.onLinks((links) => this.post(links)));
    this.scope.every(CALM_CHECK, () => {
      this.heartbeat(CALM_CHECK);
      this.#take(observeCalm(this.#links, clock.now()));
    });
    this.heartbeat(CALM_CHECK);
  }

  protected override onMessage(samples: readonly LinkSample[]): void {
    this.#take(observeLinks(this.#links, samples, this.#options.clock.now()));
  }

  #take({ links, entries }: { links: WatchedLinks; entries: JournalEntry[] }): void {
    this.#links = links;
    for (const entry of entries) this.#options.journal.record(entry);
  }
}
