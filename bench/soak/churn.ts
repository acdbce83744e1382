// What happens to a network that is in use: boards die and come back, are stopped and started, cables are cut and mended.

import type { Random } from '../../core/random.ts';
import type { LocalNode } from '../../daemon/cli/local-node.ts';
import type { NamespaceRig } from '../rig/namespaces.ts';
import type { Cable } from '../rig/topology.ts';

export interface ChurnCounts {
  killed: number;
  stopped: number;
  cut: number;
}

/** Milliseconds between two deeds on average, and that a node or cable stays away. */
const EVERY = 4000;
const AWAY = { least: 2000, most: 15_000 } as const;

export class Churn {
  readonly counts: ChurnCounts = { killed: 0, stopped: 0, cut: 0 };
  readonly #rig: NamespaceRig;
  readonly #nodes: readonly LocalNode[];
  readonly #random: Random;
  readonly #away = new Set<LocalNode | Cable>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #over = new AbortController();
  #failure: unknown;

  /** @param nodes those that may die; others only see it */
  constructor(rig: NamespaceRig, nodes: readonly LocalNode[], random: Random) {
    this.#rig = rig;
    this.#nodes = nodes;
    this.#random = random;
  }

  /** Goes on until `stop`. Rejects when a node does not come back. */
  async run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#rest(this.#random.next() * 2 * EVERY);
      if (this.#over.signal.aborted) break;
      const deed = this.#deed()
        .catch((error: unknown) => {
          this.#failure ??= error;
          this.stop();
        })
        .finally(() => this.#underWay.delete(deed));
      this.#underWay.add(deed);
    }
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What is away comes back at once. */
  stop(): void {
    this.#over.abort();
  }

  async #deed(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.4) return this.#cut();
    const node = this.#nodes[this.#random.below(this.#nodes.length)]!;
    // A third of them at most at a time.
    if (this.#away.has(node) || this.#away.size > this.#nodes.length / 3) return;
    this.#away.add(node);
    const isKilled = dice < 0.7;
    this.counts[isKilled ? 'killed' : 'stopped']++;
    await node.stop(isKilled ? 'SIGKILL' : 'SIGTERM');
    await this.#restAway();
    node.start();
    await node.ready(180_000);
    this.#away.delete(node);
  }

  async #cut(): Promise<void> {
    const { cables } = this.#rig.topology;
    const cable = cables[this.#random.below(cables.length)]!;
    // `nft` keeps one cut a node.
    const isNear = [...this.#away].some((one) => Array.isArray(one) && one.some((end: number) => cable.includes(end)));
    if (isNear) return;
    this.#away.add(cable);
    const kind = this.#random.next() < 0.5 ? 'silent' : 'carrier';
    this.counts.cut++;
    await this.#rig.cut(cable, kind);
    await this.#restAway();
    await this.#rig.restore(cable, kind);
    this.#away.delete(cable);
  }

  #restAway(): Promise<void> {
    return this.#rest(AWAY.least + this.#random.next() * (AWAY.most - AWAY.least));
  }

  #rest(milliseconds: number): Promise<void> {
    const { signal } = this.#over;
    return new Promise((done) => {
      if (signal.aborted) return done();
      const ended = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', ended);
        done();
      };
      const timer = setTimeout(ended, milliseconds);
      signal.addEventListener('abort', ended);
    });
  }
}
