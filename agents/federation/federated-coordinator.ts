// The node that runs the rounds: hears what nodes could bring, begins rounds when there is enough, serves the model, takes
// updates, and shows how it goes. Every node has one; only the one with the seat acts. What a round decides is in `rounds/`.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { AgentNetwork } from '../network.ts';
import { ruleFor } from './aggregation/learner-rule.ts';
import type { FederationConfig } from './config.ts';
import type { Learner } from './learner.ts';
import {
  frameOf,
  MODEL,
  ModelRequest,
  type Offer,
  offerTopic,
  PIECE_BYTES,
  type RoundKeys,
  readFrame,
  UPDATE,
  WITHDRAW,
  Withdrawal,
} from './messages.ts';
import type { CandidateDesk } from './rollout/candidate.ts';
import { aggregationInView, type FederationStatus } from './rounds/federation-view.ts';
import { Offers } from './rounds/offers.ts';
import type { Aggregation, Dispatch, Evaluate, Leadership, Reputation, UpdateCodec } from './rounds/ports.ts';
import type { Post } from './rounds/post.ts';
import { type Done, type Failed, isOver } from './rounds/round.ts';
import { RoundRunner } from './rounds/round-runner.ts';
import { type RoundView, sentenceOf, viewOfRound } from './rounds/round-view.ts';
import { RoundsPause } from './rounds/rounds-pause.ts';
import { nextRound, type ScheduleAnswer } from './rounds/schedule.ts';
import { unfit } from './rounds/selection.ts';
import { settingsOf } from './rounds/settings.ts';
import { UpdateDesk } from './rounds/update-desk.ts';
import type { FederationStorage } from './storage.ts';

export interface FederatedCoordinatorParts {
  network: AgentNetwork;
  /** Shared with the participant of this node. */
  post: Post;
  keys: RoundKeys;
  leadership: Leadership;
  learners: readonly Learner[];
  /** This node's name for people. */
  name?: string;
  storage: FederationStorage;
  desk: CandidateDesk;
  dispatch: Dispatch;
  aggregation(learner: Learner): Aggregation;
  codecs: readonly UpdateCodec[];
  reputation?: Reputation;
  evaluate?: Evaluate;
  /** Whether `node` may stand for others: a regional coordinator. */
  standsFor?(node: string, members: readonly string[]): boolean;
  /** Whether a node may have the seat. */
  mayCoordinate(node: string): boolean;
  /** What this node itself could bring. */
  ownOffer(): Offer | undefined;
  config: FederationConfig;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

interface Run {
  learner: Learner;
  runner: RoundRunner;
  /** The rounds of its earlier life are known. */
  isReady: boolean;
  since: Millis;
  failures: number;
  next: ScheduleAnswer;
}

const LOOK_EVERY: Millis = 1000;

/** Emits `round` after something about a round changed, and `ended` with the seconds that a round took. */
export class FederatedCoordinator
  extends EventEmitter<{ round: [learner: string]; ended: [seconds: number] }>
  implements Service
{
  readonly name = 'federation';
  /** While it lasts no new round begins; one that runs ends as usual. */
  readonly pause: RoundsPause;
  readonly #parts: FederatedCoordinatorParts;
  readonly #offers: Offers;
  readonly #updates: UpdateDesk;
  readonly #runs = new Map<string, Run>();
  readonly #ended: Record<string, number> = {};
  #timers: Timer[] = [];
  #unwatch: (() => void)[] = [];
  #isStarted = false;

  /** Before the network starts. */
  constructor(parts: FederatedCoordinatorParts) {
    super();
    this.#parts = parts;
    const { network, post, keys, clock, reputation, ownOffer } = parts;
    this.#offers = new Offers({
      ...{ self: network.self, nodes: () => network.nodes(), own: ownOffer, clock },
      ...(reputation !== undefined && { reputation }),
    });
    this.#updates = new UpdateDesk({
      ...{ keys, clock, runner: (learner) => this.#readyRun(learner)?.runner },
      ...(parts.standsFor !== undefined && { standsFor: parts.standsFor }),
    });
    this.pause = new RoundsPause({ ...parts, nameOf: (node) => this.#nameOf(node) });
    post.handle(UPDATE, async (origin, frame) => frameOf(await this.#updates.receive(origin, frame)));
    post.handle(WITHDRAW, (node, frame) => {
      const withdrawn = readFrame(Withdrawal, frame)?.header;
      if (withdrawn !== undefined) this.#readyRun(withdrawn.learner)?.runner.withdrawn(node, withdrawn);
      return frameOf({});
    });
    post.handle(MODEL, (origin, frame) => this.#serveModel(origin, frame));
    network.subscribe(offerTopic, (node, offer) => this.#offers.hear(node, offer));
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { leadership, network, clock } = this.#parts;
    await this.pause.start();
    this.#isStarted = true;
    this.#unwatch = [
      leadership.onChange(() => this.#leadershipChanged()),
      network.onNodes(() => {
        for (const { runner, isReady } of this.#runs.values()) if (isReady) runner.nodesChanged();
      }),
    ];
    this.#timers = [clock.every(LOOK_EVERY, () => this.#look())];
    this.#leadershipChanged();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.pause.stop();
    for (const timer of this.#timers) timer.cancel();
    for (const unwatch of this.#unwatch) unwatch();
    this.#timers = [];
    this.#unwatch = [];
    this.#dropRuns();
  }

  /** Begins a round now, paused or not. Throws `FEDERATION_NOT_COORDINATOR`, `ROUND_RUNNING`, `ROLLOUT_BUSY`. */
  async runNow(learner: string): Promise<RoundView> {
    const run = this.#runOf(learner);
    if (this.#parts.desk.isBusy(learner)) {
      throw new ParlmeshError('ROLLOUT_BUSY', `A candidate of ${learner} is being rolled out`, {
        hint: 'Its end begins the next round; parlmesh policy shows how far it is',
      });
    }
    await this.#begin(run);
    return this.#view(run.runner.state!);
  }

  /** Ends the round that runs: nothing of it counts. */
  async cancel(learner: string, by: string): Promise<void> {
    await this.#runOf(learner).runner.end('cancelled', `${by} cancelled it`);
  }

  status(): FederationStatus {
    const { leadership, network, config } = this.#parts;
    const seat = leadership.current();
    const { paused } = this.pause;
    return {
      ...(seat !== undefined && { coordinator: { id: seat.node, name: this.#nameOf(seat.node), term: seat.term } }),
      coordinates: seat?.node === network.self,
      ...(paused !== undefined && { paused }),
      learners: [...this.#runs.values()].map(({ learner, runner, failures, next }) => {
        const fit = this.#fit(learner);
        const { state, trouble } = runner;
        const isRunning = state !== undefined && !isOver(state);
        return {
          ...{ name: learner.name, title: learner.title, failures, candidates: fit.length },
          sentence: isRunning ? sentenceOf(state) : `The next round waits: ${next.why}`,
          ...(trouble !== undefined && { trouble }),
          rounds: state?.facts.number ?? 0,
          examples: fit.reduce((sum, { examples }) => sum + examples, 0),
          aggregation: aggregationInView(
            ruleFor(config.aggregation, config.learners[learner.name]?.aggregation, learner.aggregation),
          ),
        };
      }),
    };
  }

  /** The round that runs or ran last; undefined before the first, and on nodes that do not coordinate. */
  round(learner: string): RoundView | undefined {
    const state = this.#runs.get(learner)?.runner.state ?? this.#runs.get(learner)?.runner.past[0];
    return state && this.#view(state);
  }

  /** Rounds that are over, newest first. */
  history(learner: string, limit = 20): RoundView[] {
    const past = this.#runs.get(learner)?.runner.past ?? [];
    return past.slice(0, Math.max(0, limit)).map((state) => this.#view(state));
  }

  /** Where heads of regions bring their aggregates, while this node coordinates that learner. */
  open(learner: string): Pick<RoundRunner, 'intake' | 'state'> | undefined {
    return this.#readyRun(learner)?.runner;
  }

  /** For metrics. */
  figures() {
    return {
      ...{ updates: this.#updates.figures(), running: this.#running(), rounds: { ...this.#ended } },
    };
  }

  #running(): number {
    return [...this.#runs.values()].filter(({ runner }) => runner.isRunning).length;
  }

  #leadershipChanged(): void {
    const { leadership, network } = this.#parts;
    const seat = leadership.current();
    const isMine = this.#isStarted && seat?.node === network.self;
    if (isMine && this.#runs.size === 0) this.#takeSeat();
    if (!isMine && this.#runs.size > 0) this.#leaveSeat(seat?.node);
  }

  #takeSeat(): void {
    const { config } = this.#parts;
    for (const learner of this.#parts.learners) {
      if (config.learners[learner.name]?.enabled === false) continue;
      const runner = this.#runnerFor(learner);
      const wait: ScheduleAnswer = { kind: 'wait', for: 0, why: 'earlier rounds are read' };
      const run: Run = { learner, runner, isReady: false, since: this.#parts.clock.now(), failures: 0, next: wait };
      this.#runs.set(learner.name, run);
      runner.start().then(
        () => {
          run.isReady = true;
          run.failures = failuresInARow(runner.past);
        },
        () => {},
      );
    }
  }

  /** What runs has failed, if it can still be written; a killed coordinator's round goes on instead. */
  #leaveSeat(successor: string | undefined): void {
    const cause = successor === undefined ? 'this node left the seat' : `${this.#nameOf(successor)} coordinates now`;
    for (const { runner, isReady } of this.#runs.values()) {
      if (!isReady || !runner.isRunning) runner.stop();
      else void runner.end('superseded', cause).finally(() => runner.stop());
    }
    this.#runs.clear();
    this.#updates.clear();
  }

  #dropRuns(): void {
    for (const { runner } of this.#runs.values()) runner.stop();
    this.#runs.clear();
    this.#updates.clear();
  }

  #runnerFor(learner: Learner): RoundRunner {
    const { network, keys, leadership, config, clock, random, journal, storage, desk, dispatch } = this.#parts;
    const { reputation, evaluate } = this.#parts;
    return new RoundRunner({
      ...{ self: network.self, learner, storage, desk, dispatch, clock, random, journal },
      aggregation: this.#parts.aggregation(learner),
      optimizer: config.aggregation.server,
      codecs: new Map(this.#parts.codecs.map((codec) => [codec.name, codec])),
      ...(reputation !== undefined && { reputation }),
      ...(evaluate !== undefined && { evaluate }),
      settings: () => settingsOf(config, learner.name),
      candidates: () => this.#offers.candidates(learner),
      present: () => {
        const reachable = network.nodes().filter((node) => node.reachable);
        return new Set([network.self, ...reachable.map(({ id }) => id)]);
      },
      term: () => leadership.current()?.term ?? 0,
      sign: (body) => keys.sign('federation-invitation', body),
      changed: () => this.emit('round', learner.name),
      ended: (round) => this.#roundEnded(learner, round),
    });
  }

  #look(): void {
    for (const run of this.#runs.values()) {
      if (!run.isReady || run.runner.isRunning) continue;
      run.next = this.#next(run);
      if (run.next.kind !== 'due') continue;
      this.#begin(run).catch((thrown: unknown) => {
        this.#parts.logger.warn({ learner: run.learner.name, cause: messageOf(thrown) }, 'no round could begin');
        run.since = this.#parts.clock.now();
      });
    }
  }

  #next({ learner, since, failures }: Run): ScheduleAnswer {
    const { clock, config, desk } = this.#parts;
    const fit = this.#fit(learner);
    const { paused } = this.pause;
    const blocked = desk.isBusy(learner.name)
      ? 'a candidate is being rolled out'
      : paused && `${paused.by} paused the rounds: ${paused.reason}`;
    return nextRound(
      {
        ...{ now: clock.now(), since, failures, nodes: fit.length },
        examples: fit.reduce((sum, { examples }) => sum + examples, 0),
        ...(blocked !== undefined && { blocked }),
      },
      config,
    );
  }

  #fit(learner: Learner) {
    const { selection } = this.#parts.config;
    return this.#offers.candidates(learner).filter((candidate) => unfit(candidate, selection) === undefined);
  }

  async #begin({ learner, runner }: Run): Promise<void> {
    const term = this.#parts.leadership.current()?.term ?? 0;
    await runner.begin(this.#offers.heard(learner.name, term));
  }

  #roundEnded(learner: Learner, round: Done | Failed): void {
    const run = this.#runs.get(learner.name);
    const outcome = round.kind === 'failed' ? round.reason : round.outcome;
    this.#ended[outcome] = (this.#ended[outcome] ?? 0) + 1;
    this.emit('ended', Math.max(0, round.endedAt - round.facts.startedAt) / 1000);
    if (run !== undefined) {
      run.since = this.#parts.clock.now();
      run.failures = round.kind === 'failed' ? run.failures + 1 : 0;
    }
    const refused = round.refused.map(({ node, reason, count }) => ({ node, reason, count })).slice(0, 20);
    this.#parts.journal.record({
      severity: round.kind === 'failed' && round.reason !== 'cancelled' ? 'warning' : 'info',
      kind: `federation.round-${round.kind}`,
      subject: `federation/${learner.name}`,
      message: `${learner.title}: ${sentenceOf(round)}`,
      data: { round: round.facts.number, nodes: round.members.size, refused },
    });
    this.emit('round', learner.name);
  }

  #serveModel(origin: string, frame: Uint8Array): Uint8Array {
    const asked = readFrame(ModelRequest, frame)?.header;
    const bytes = asked && this.#readyRun(asked.learner)?.runner.base(asked.version, origin);
    if (asked === undefined || bytes === undefined) return frameOf({ total: 0 });
    return frameOf({ total: bytes.length }, bytes.subarray(asked.offset, asked.offset + PIECE_BYTES));
  }

  #readyRun(learner: string): Run | undefined {
    const run = this.#runs.get(learner);
    return run?.isReady ? run : undefined;
  }

  #runOf(learner: string): Run {
    const run = this.#readyRun(learner);
    if (run !== undefined) return run;
    const seat = this.#parts.leadership.current();
    const who = seat === undefined ? 'no node coordinates just now' : `${this.#nameOf(seat.node)} coordinates`;
    throw new ParlmeshError('FEDERATION_NOT_COORDINATOR', `Rounds of ${learner} are not run here: ${who}`, {
      hint: 'parlmesh federation coordinator tells which node to ask, and status which learners there are',
    });
  }

  #view(state: Parameters<typeof viewOfRound>[0]): RoundView {
    // Looked up once: of a thousand nodes each would else be searched for among a thousand.
    const names = new Map(this.#parts.network.nodes().map(({ id, name }) => [id, name]));
    return viewOfRound(state, this.#parts.clock.now(), (node) => names.get(node) ?? this.#ownName(node));
  }

  #nameOf(node: string): string {
    return this.#parts.network.nodes().find(({ id }) => id === node)?.name ?? this.#ownName(node);
  }

  #ownName(node: string): string {
    const { network, name } = this.#parts;
    return node === network.self ? (name ?? node) : node;
  }
}

function failuresInARow(past: readonly (Done | Failed)[]): number {
  const at = past.findIndex(({ kind }) => kind === 'done');
  return at < 0 ? past.length : at;
}
