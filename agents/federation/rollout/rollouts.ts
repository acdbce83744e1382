// The roll-out as a service: on every node it answers as a participant; on the coordinator it takes candidates from the rounds
// and brings them to all nodes, a line of models for each learner.

import { EventEmitter } from 'node:events';
import type { Clock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Logger } from '../../../core/logger.ts';
import type { Service } from '../../../core/service.ts';
import type { Authorizer } from '../../authorizer.ts';
import type { AgentNetwork } from '../../network.ts';
import { SwarmChannel } from '../../swarm/channel.ts';
import type { Learner, Model } from '../learner.ts';
import type { Leadership, Notebook } from '../rounds/ports.ts';
import type { FederationStorage } from '../storage.ts';
import { Asker } from './asker.ts';
import type { Candidate, CandidateDesk, RolloutEnd } from './candidate.ts';
import type { RolloutConfig } from './config.ts';
import { Line } from './line.ts';
import { type LineageView, lineageView } from './lineage.ts';
import { rolloutQuestion } from './messages.ts';
import { RolloutParticipant } from './participant.ts';
import type { SealKeys } from './seal.ts';
import { nameOf, type Standing } from './stage.ts';

export interface RolloutsParts {
  learners: readonly Learner[];
  storage: FederationStorage;
  network: AgentNetwork;
  leadership: Leadership;
  keys: SealKeys;
  /** Asked before a model serves here: `model.adopt`. */
  authorizer: Authorizer;
  /** What the owner lets happen here: true, or why not. */
  consents: (learner: string, as: 'canary' | 'serving') => true | string;
  /** Where this node remembers what it adopted. */
  notebook: Notebook;
  /** What a node has in common with others: its profile; undefined while unknown. */
  group: (node: string) => string | undefined;
  config: RolloutConfig;
  clock: Clock;
  journal: Journal;
  logger: Logger;
}

export interface RolloutView {
  learner: string;
  title: string;
  /** Version that the network serves, once one has settled; that rounds go on from; that nodes play just now. */
  settled?: string;
  tip?: string;
  judging?: string;
  /** Nodes that have said something of it. */
  words: number;
  rolling?: {
    version: string;
    /** `canaries`, `10 %`. */
    stage: string;
    /** Seconds that it has lasted. */
    held: number;
    samples: number;
    nodes: Record<Standing, number>;
    findings: readonly string[];
  };
  /** Nodes that may still serve what was taken back. */
  strays: number;
}

/** Emits `changed` when a candidate is judged, a stage begins or a roll-out ends. */
export class Rollouts extends EventEmitter<{ changed: [] }> implements Service, CandidateDesk {
  readonly name = 'federation-rollout';
  readonly participant: RolloutParticipant;
  readonly #parts: RolloutsParts;
  readonly #lines: Map<string, Line>;
  readonly #listeners = new Set<(end: RolloutEnd) => void>();
  #forget: (() => void) | undefined;

  constructor(parts: RolloutsParts) {
    super();
    this.#parts = parts;
    const { learners, leadership, network, clock } = parts;
    const coordinator = () => leadership.current()?.node;
    this.participant = new RolloutParticipant({ ...parts, coordinator });
    const channel = new SwarmChannel(network);
    channel.handle(rolloutQuestion, (origin, question) => this.participant.answer(origin, question));
    const asker = new Asker(channel, this.participant, clock);
    const ended = (end: RolloutEnd): void => {
      for (const listener of this.#listeners) listener(end);
    };
    const changed = (): void => void this.emit('changed');
    this.#lines = new Map(
      learners.map((learner) => [learner.name, new Line({ ...parts, learner, asker, ended, changed })]),
    );
  }

  async start(): Promise<void> {
    await this.participant.start();
    this.#forget = this.#parts.leadership.onChange(() => this.#follow());
    this.#follow();
  }

  async stop(): Promise<void> {
    this.#forget?.();
    for (const line of this.#lines.values()) line.end();
    await this.participant.stop();
  }

  async propose(candidate: Candidate): Promise<string> {
    return this.#line(candidate.learner).propose(candidate);
  }

  isBusy(learner: string): boolean {
    return this.#line(learner).isBusy;
  }

  async settled(learner: string): Promise<Model> {
    return this.#line(learner).tip();
  }

  onEnded(listener: (end: RolloutEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Version that rounds go on from, as it is written down; undefined before the first roll-out. */
  headOf(learner: string): string | undefined {
    const { tip, settled } = this.#line(learner).document;
    return (tip ?? settled)?.version;
  }

  /** As the coordinator sees it; empty on all other nodes. */
  view(): RolloutView[] {
    if (!this.#coordinates()) return [];
    return this.#parts.learners.map(({ name, title }) => this.#viewOf(name, title));
  }

  /** Every model that is kept, newest first: where it comes from, what was measured, what became of it. */
  async lineage(learner: string, limit = 100): Promise<LineageView[]> {
    const { document } = this.#line(learner);
    const roles = { settled: document.settled?.version, tip: document.tip?.version };
    return lineageView(this.#parts.storage, learner, limit, roles);
  }

  #viewOf(learner: string, title: string): RolloutView {
    const line = this.#line(learner);
    const { settled, tip, judging, rolling, strays } = line.document;
    const nodes = { asked: 0, serves: 0, declined: 0, left: 0 };
    let samples = 0;
    for (const { standing, after } of rolling?.state.nodes ?? []) {
      nodes[standing]++;
      samples += after?.samples ?? 0;
    }
    return {
      ...{ learner, title, words: line.words.size, strays: strays.length },
      ...(settled && { settled: settled.version }),
      ...(tip && { tip: tip.version }),
      ...(judging !== undefined && { judging }),
      ...(rolling && {
        rolling: {
          ...{ version: rolling.version, stage: nameOf(rolling.state.stage, this.#parts.config), nodes, samples },
          ...{ held: Math.round(rolling.state.held / 1000), findings: rolling.state.findings },
        },
      }),
    };
  }

  #coordinates(): boolean {
    return this.#parts.leadership.current()?.node === this.#parts.network.self;
  }

  #follow(): void {
    const coordinates = this.#coordinates();
    for (const line of this.#lines.values()) coordinates ? line.begin() : line.end();
  }

  #line(learner: string): Line {
    const line = this.#lines.get(learner);
    if (line !== undefined) return line;
    throw new ParlmeshError('ROLLOUT_UNKNOWN_LEARNER', `There is no learner "${learner}" on this node`, {
      hint: `Those that there are: ${[...this.#lines.keys()].join(', ')}`,
    });
  }
}
