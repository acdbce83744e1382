// Nodes with a learner each, on virtual time and an exchange in memory: any of them coordinates, any can be killed and comes
// back with what it had on its disk.

import { Value } from 'typebox/value';
import type { Authorizer } from '../../../../agents/authorizer.ts';
import type { Learner } from '../../../../agents/federation/learner.ts';
import type { Candidate, RolloutEnd } from '../../../../agents/federation/rollout/candidate.ts';
import { RolloutConfig } from '../../../../agents/federation/rollout/config.ts';
import { Rollouts } from '../../../../agents/federation/rollout/rollouts.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { seededRandom } from '../../../../core/random.ts';
import { Exchange, runUntil } from '../../exchange.ts';
import { memoryDocument } from '../../memory-document.ts';
import { modelOf } from '../learners/compliance.ts';
import { MeanLearner } from '../learners/mean-learner.ts';
import { keysOf } from '../member-keys.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

export const TARGET = 3;

export interface MeshNode {
  id: string;
  rollouts: Rollouts;
  learner: MeanLearner;
  ends: RolloutEnd[];
  /** Stays when the node is killed. */
  disk: {
    storage: MemoryFederationStorage;
    model: ReturnType<typeof memoryDocument>;
    notebook: ReturnType<typeof memoryDocument>;
  };
}

export interface MeshOptions {
  config?: Partial<RolloutConfig>;
  /** How work goes on a node under a version, in ln of something; undefined: no work. */
  cost?: (node: string, version: string, learner: MeanLearner) => number | undefined;
  consents?: (node: string, as: 'canary' | 'serving') => true | string;
  authorizer?: (node: string) => Authorizer;
  group?: (node: string) => string | undefined;
  claimed?: (node: string) => number | undefined;
}

export class Mesh {
  readonly clock = new VirtualClock();
  readonly exchange = new Exchange({ clock: this.clock, random: seededRandom(1) });
  readonly nodes = new Map<string, MeshNode>();
  readonly journal: JournalEntry[] = [];
  readonly config: RolloutConfig;
  readonly #options: MeshOptions;
  readonly #listeners = new Set<() => void>();
  #leader: { node: string; term: number } | undefined;

  constructor(options: MeshOptions = {}) {
    this.#options = options;
    const defaults = { leastHold: 60, mostHold: 3600, samples: 10, evaluation: 60, margin: 0.01 };
    const parsed: unknown = Value.Default(RolloutConfig, { ...defaults, ...options.config });
    this.config = Value.Parse(RolloutConfig, parsed);
  }

  static async of(count: number, options: MeshOptions = {}): Promise<Mesh> {
    const mesh = new Mesh(options);
    for (let index = 0; index < count; index++) await mesh.join(`node-${index}`);
    await mesh.settle();
    mesh.lead('node-0');
    return mesh;
  }

  /** A new node, or one that was killed, with its disk. */
  async join(id: string): Promise<MeshNode> {
    const disk = this.nodes.get(id)?.disk ?? {
      ...{ storage: new MemoryFederationStorage(), model: memoryDocument(), notebook: memoryDocument() },
    };
    const learner = new MeanLearner(TARGET, { storage: disk.model, clock: this.clock });
    learner.claimed = this.#options.claimed?.(id);
    const ends: RolloutEnd[] = [];
    const rollouts = new Rollouts({
      ...{ learners: [measured(learner, id, this.#options)], storage: disk.storage, network: this.exchange.join(id) },
      leadership: {
        current: () => this.#leader,
        onChange: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      keys: keysOf(id),
      authorizer: this.#options.authorizer?.(id) ?? { authorize: async () => {} },
      consents: (_, as) => this.#options.consents?.(id, as) ?? true,
      notebook: { read: async () => disk.notebook.read(), write: (document) => disk.notebook.write(document) },
      group: (node) => this.#options.group?.(node),
      ...{ config: this.config, clock: this.clock, logger: silentLogger },
      journal: { record: (entry) => this.journal.push(entry) },
    });
    rollouts.onEnded((end) => ends.push(end));
    const node = { id, rollouts, learner, ends, disk };
    this.nodes.set(id, node);
    await rollouts.start();
    return node;
  }

  /** As if the plug was pulled. */
  async kill(id: string): Promise<void> {
    this.exchange.kill(id);
    await this.node(id).rollouts.stop();
  }

  lead(id: string | undefined): void {
    this.#leader = id === undefined ? undefined : { node: id, term: (this.#leader?.term ?? 0) + 1 };
    for (const listener of this.#listeners) listener();
  }

  node(id: string): MeshNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`there is no ${id}`);
    return node;
  }

  /** Nodes whose learner serves that version. */
  serving(version: string): string[] {
    return [...this.nodes.values()].filter(({ learner }) => learner.current().version === version).map(({ id }) => id);
  }

  async until(done: () => boolean, seconds = 600): Promise<void> {
    await runUntil(this.clock, done, seconds * 1000, 500);
  }

  /** Lets virtual time pass. */
  async settle(seconds = 5): Promise<void> {
    const end = this.clock.now() + seconds * 1000;
    await this.until(() => this.clock.now() >= end, seconds + 10);
  }

  async ready(id: string): Promise<void> {
    await this.until(() => !this.node(id).rollouts.isBusy('mean'));
  }
}

/** A model that is `value` everywhere: better the nearer it is to the target. */
export function candidateOf(
  value: number,
  round = 1,
  changes: Partial<Candidate> = {},
): Candidate & { version: string } {
  const parameters = new Float32Array(8).fill(value);
  const { version } = modelOf(parameters);
  const origin = {
    parent: '0123456789abcdef',
    coordinator: 'node-0',
    round,
    madeAt: 1000 * round,
    nodes: ['node-0', 'node-1'],
    examples: 50,
  };
  return { learner: 'mean', format: 1, parameters, origin, ...changes, version };
}

/** The learner with the work that the test wants there to be. */
function measured(learner: MeanLearner, id: string, { cost }: MeshOptions): Learner {
  learner.measure = () => {
    const value = cost?.(id, learner.current().version, learner);
    return value === undefined ? undefined : { cost: value, unit: 'ln(job time / ideal)', samples: 10, deviation: 0.1 };
  };
  return learner;
}
