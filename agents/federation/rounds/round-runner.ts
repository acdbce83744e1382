// The rounds of one learner on the node that coordinates: feeds the state machine of `round.ts`, writes each step down before
// anybody sees it, and carries out what it asks for. Everything that happens goes through one queue, in order.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal, Severity } from '../../../core/journal.ts';
import type { Random } from '../../../core/random.ts';
import { bytesOf, type Refusal, type Withdrawal } from '../messages.ts';
import { BaseShelf } from './base-shelf.ts';
import { choose } from './choose.ts';
import { Durable } from './durable.ts';
import { Intake } from './intake.ts';
import { InvitationDesk, type InvitationParts } from './invitation-desk.ts';
import { LongSteps } from './long-steps.ts';
import { learnPace, NO_TRACKS, readTracks, type Tracks, writeTracks } from './pace.ts';
import type { UpdateCodec } from './ports.ts';
import {
  beginRound,
  type Done,
  type Failed,
  isGathering,
  isOpen,
  isOver,
  type RoundEffect,
  type RoundEvent,
  type RoundState,
  resumeRound,
  type Step,
  stepRound,
} from './round.ts';
import { readKept, writeRound } from './round-file.ts';
import { giveUp, isSameWork, newFacts } from './round-lives.ts';
import { dropMoments, headerOf, type RoundWorkParts } from './round-work.ts';
import type { CandidateNode } from './selection.ts';
import type { RoundSettings } from './settings.ts';

export interface RunnerParts
  extends Omit<RoundWorkParts, 'durably' | 'wall'>,
    Pick<InvitationParts, 'dispatch' | 'term' | 'sign'> {
  settings(): RoundSettings;
  codecs: ReadonlyMap<string, UpdateCodec>;
  /** Nodes that offered something for this learner, with what is known of them now. */
  candidates(): CandidateNode[];
  /** Nodes that there is a way to now. */
  present(): ReadonlySet<string>;
  clock: Clock;
  random: Random;
  journal: Journal;
  /** What can be seen has changed. */
  changed(): void;
  /** A round is over, and that is on the disk. */
  ended(round: Done | Failed): void;
}

/** Rounds that are kept in memory: what the views and late updates need. */
const KEPT = 50;
/** The roll-out keeps fewer; those that never came so far go with these. */
const MODELS_KEPT = 200;
const LOOK_AGAIN: Millis = 1000;

export class RoundRunner {
  readonly #parts: RunnerParts;
  readonly #life = new AbortController();
  readonly #durable: Durable;
  readonly #desk: InvitationDesk;
  readonly #steps: LongSteps;
  /** How updates come in. */
  readonly intake: Intake;
  readonly #queue: { event: RoundEvent; done: () => void }[] = [];
  #isDraining = false;
  #state: RoundState | undefined;
  /** Newest first, without the present one. */
  #past: (Done | Failed)[] = [];
  #tracks: Tracks = NO_TRACKS;
  #lastNumber = 0;
  #isBeginning = false;
  /** What rounds train from, as it travels; the newest last. */
  readonly #bases: BaseShelf;
  #timer: Timer | undefined;
  /** Ends what the present state set going. */
  #work = new AbortController();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    const { clock, random, learner, self } = parts;
    this.#durable = new Durable({
      ...{ clock, random, signal: this.#life.signal },
      stuck: (cause) => this.#stuck(cause),
      freed: (after) => this.#freed(after),
    });
    const staleness = (): number => parts.settings().asynchronous.staleness;
    this.#bases = new BaseShelf(() => staleness() + 2);
    this.intake = new Intake({
      ...{ self, learner, storage: parts.storage, codecs: parts.codecs, staleness },
      ...(parts.reputation !== undefined && { reputation: parts.reputation }),
      rounds: () => ({ current: this.#state, past: this.#past }),
      post: (event) => this.#post(event),
      stuck: () => this.#probe(),
    });
    this.#steps = new LongSteps({
      ...{ parts, bases: this.#bases, durable: this.#durable },
      post: (id, event) => this.#about(id, event),
    });
    this.#desk = new InvitationDesk({
      ...{ self, learner, clock, dispatch: parts.dispatch, aggregation: parts.aggregation },
      ...{ term: parts.term, sign: parts.sign, staleness },
      state: () => this.#state,
      answered: (id, node, answer) => this.#about(id, { kind: 'answered', node, answer }),
      failed: (id, cause) => this.#about(id, { kind: 'failed', reason: 'aggregation', cause }),
    });
  }

  get state(): RoundState | undefined {
    return this.#state;
  }

  /** Those that are over, newest first. */
  get past(): readonly (Done | Failed)[] {
    return this.#state !== undefined && isOver(this.#state) ? [this.#state, ...this.#past] : this.#past;
  }

  get isRunning(): boolean {
    return this.#isBeginning || (this.#state !== undefined && !isOver(this.#state));
  }

  /** Why nothing goes on just now. */
  get trouble(): string | undefined {
    return this.#durable.trouble;
  }

  /** Reads what an earlier life wrote, and goes on with the round that it was in. Rejects only when it is stopped. */
  async start(): Promise<void> {
    const { storage, learner, clock } = this.#parts;
    const kept = await this.#durable.run(() => readKept(storage, learner.name, KEPT, clock.now()));
    this.#lastNumber = kept.lastNumber;
    this.#past = kept.past;
    this.#tracks = readTracks(await this.#durable.run(() => storage.document(this.#tracksName)));
    for (const round of this.#past.toReversed()) this.#tracks = learnPace(this.#tracks, round);
    if (kept.open !== undefined) await this.#resume(kept.open);
  }

  /** As if it had been killed: what is on the disk is all that stays. */
  stop(): void {
    this.#life.abort(new ParlmeshError('ROUND_STOPPED', 'the coordinator stops'));
    this.#work.abort(this.#life.signal.reason);
    this.#timer?.cancel();
  }

  /**
   * Begins a round; resolves once that is on the disk. Throws `ROUND_RUNNING`.
   * @param after the number that rounds of the network have reached, where this store does not know of them
   */
  async begin(after = 0): Promise<void> {
    const { storage, learner, desk, clock, random, settings } = this.#parts;
    if (this.isRunning) throw new ParlmeshError('ROUND_RUNNING', `A round of ${learner.name} runs already`);
    this.#isBeginning = true;
    try {
      const base = await this.#durable.run(() => desk.settled(learner.name));
      const bytes = bytesOf(base.parameters);
      const stored = await this.#durable.run(() => storage.model(learner.name, base.version));
      if (stored === undefined) {
        const model = { learner: learner.name, version: base.version, lineage: '{}', parameters: bytes };
        await this.#durable.run(() => storage.putModel(model));
      }
      this.#bases.put(base.version, bytes);
      const number = Math.max(this.#lastNumber, after) + 1;
      const facts = newFacts(learner.name, number, { ...base, bytes }, settings(), random, clock.wall());
      if (this.#state !== undefined && isOver(this.#state)) this.#past = [this.#state, ...this.#past].slice(0, KEPT);
      this.#lastNumber = facts.number;
      await this.#enter(beginRound(facts, clock.now()));
    } finally {
      this.#isBeginning = false;
    }
    void this.#drain();
  }

  /** Resolves once the round that runs has failed for that reason. */
  async end(reason: 'cancelled' | 'superseded', cause: string): Promise<void> {
    await this.#post({ kind: 'failed', reason, cause });
  }

  /** It had accepted, and brings nothing after all. */
  withdrawn(node: string, { id, reason, cause }: Withdrawal): void {
    this.#about(id, { kind: 'answered', node, answer: { kind: 'declined', reason, cause } });
  }

  refused(node: string, reason: Refusal, cause: string): void {
    void this.#post({ kind: 'refused', node, reason, cause: cause.slice(0, 300) });
  }

  /** The bytes of a model that a round is trained from; undefined for others, and for who was not invited. */
  base(version: string, node: string): Uint8Array | undefined {
    const rounds = [this.#state, ...this.#past].filter((round) => round?.facts.base === version);
    const isInvited = rounds.some((round) => round !== undefined && 'members' in round && round.members.has(node));
    return isInvited ? this.#bases.get(version) : undefined;
  }

  /** Nodes came, went, or offer something else. */
  nodesChanged(): void {
    const state = this.#state;
    if (state === undefined) return;
    if (state.kind === 'selecting') this.#select();
    if (!isGathering(state)) return;
    const present = this.#parts.present();
    for (const { node, standing, gone = false } of state.members.values()) {
      const isGone = !present.has(node);
      if (isOpen(standing) && isGone !== gone) void this.#post({ kind: 'gone', node, gone: isGone });
    }
  }

  get #tracksName(): string {
    return `federation-pace-${this.#parts.learner.name}`;
  }

  async #resume(open: RoundState): Promise<void> {
    const { storage, learner, desk, clock } = this.#parts;
    const { facts } = open;
    const { state, effects } = resumeRound(open, clock.wall());
    const base = await this.#durable.run(() => storage.model(learner.name, facts.base));
    const now = await this.#durable.run(() => desk.settled(learner.name));
    if (base !== undefined) this.#bases.put(facts.base, base.parameters);
    await this.#enter({ state, effects: isGathering(state) ? [] : effects }, true);
    if (base === undefined) {
      await this.#post({ kind: 'failed', reason: 'base-missing', cause: `model ${facts.base} is not in the store` });
    } else if (state.kind !== 'evaluating' && now.version !== facts.base) {
      const cause = `the network serves ${now.version} meanwhile, and no longer ${facts.base}`;
      await this.#post({ kind: 'failed', reason: 'superseded', cause });
    }
    if (this.#state === undefined || !isGathering(this.#state)) return void this.#drain();
    for (const row of await this.#durable.run(() => storage.updates(learner.name, facts.number))) {
      const header = headerOf(row.header);
      const admission = header && this.intake.admit(header);
      if (admission?.kind === 'open') await this.intake.count(header!, admission.late);
    }
    if (isGathering(this.#state)) {
      const { members } = this.#state;
      for (const effect of effects) {
        if (effect.kind !== 'invite') continue;
        const nodes = effect.nodes.filter((node) => isOpen(members.get(node)!.standing));
        this.#carryOut({ kind: 'invite', nodes });
      }
    }
    this.nodesChanged();
  }

  /** Resolves once the event, and all before it, have had their effect. */
  #post(event: RoundEvent): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ event, done: resolve });
    void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    if (this.#isDraining || this.#isBeginning) return;
    this.#isDraining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const { clock } = this.#parts;
        const state = this.#state;
        // While nothing can be written, time stands still.
        if (state !== undefined && !(next.event.kind === 'tick' && this.trouble !== undefined)) {
          await this.#enter(stepRound(state, next.event, clock.now(), clock.wall()));
        }
        next.done();
      }
    } catch {
      // Stopped: the next life goes on from the disk.
    } finally {
      this.#isDraining = false;
    }
  }

  /** Writes a step down, then shows it. */
  async #enter({ state, effects }: Step, isResumed = false): Promise<void> {
    const before = this.#state;
    const isStep = before?.kind !== state.kind || before.facts.id !== state.facts.id || isResumed;
    if (isStep) {
      try {
        await this.#durable.run(() => this.#write(state));
      } catch (thrown) {
        this.#life.signal.throwIfAborted();
        if (state.kind === 'failed' && state.reason === 'storage') throw thrown;
        // The store will never take this state: the round ends as small as it can be.
        return this.#enter(giveUp(state, messageOf(thrown), this.#parts.clock.wall()), isResumed);
      }
      if (!isSameWork(before, state)) {
        this.#work.abort();
        this.#work = new AbortController();
      }
    }
    if (before !== state) this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#arm();
    if (before !== state) this.#parts.changed();
    if (isStep && isOver(state)) await this.#finish(state);
  }

  #write(state: RoundState): Promise<void> {
    const { storage, learner, clock } = this.#parts;
    const { number } = state.facts;
    return storage.putRound({
      ...{ learner: learner.name, number, state: writeRound(state, clock.now()), ended: isOver(state) },
    });
  }

  /** Tries whether anything can be written; until then time stands still. */
  #probe(): void {
    if (this.trouble !== undefined || this.#state === undefined) return;
    this.#durable.run(() => this.#write(this.#state!)).catch(() => {});
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const state = this.#state;
    if (state === undefined || isOver(state) || this.#life.signal.aborted) return;
    const { clock } = this.#parts;
    const wait = Math.max(0, state.endsAt - clock.now());
    const again = state.kind === 'selecting' ? Math.min(wait, LOOK_AGAIN) : wait;
    this.#timer = clock.after(again, () => {
      if (state.kind === 'selecting') this.#select();
      void this.#post({ kind: 'tick' }).then(() => this.#timer ?? this.#arm());
    });
  }

  #carryOut(effect: RoundEffect): void {
    const state = this.#state!;
    const { signal } = this.#work;
    switch (effect.kind) {
      case 'select':
        this.#select();
        break;
      case 'invite':
        if (effect.nodes.length > 0) this.#desk.invite(effect.nodes, AbortSignal.any([signal, this.#life.signal]));
        break;
      case 'recall':
        this.#parts.dispatch.recall(state.facts.id, state.facts.learner, effect.nodes);
        break;
      case 'aggregate':
      case 'evaluate':
        void this.#steps.run(state, signal);
        break;
    }
  }

  /** Also done again where nobody was found yet. */
  #select(): void {
    const { settings, candidates } = this.#parts;
    if (this.#state?.kind !== 'selecting') return;
    const event = choose(this.#state.facts, candidates(), this.#tracks, this.#past, settings());
    if (event !== undefined) void this.#post(event);
  }

  #about(id: string, event: RoundEvent): void {
    if (this.#state?.facts.id === id) void this.#post(event);
  }

  async #finish(round: Done | Failed): Promise<void> {
    const { storage, learner, ended } = this.#parts;
    const { number, base } = round.facts;
    this.#tracks = learnPace(this.#tracks, round);
    const clean = async (): Promise<void> => {
      await storage.putDocument(this.#tracksName, writeTracks(this.#tracks));
      await storage.dropUpdates(learner.name, number);
      await storage.dropModels(learner.name, MODELS_KEPT, [base]);
      await dropMoments(storage, learner.name, base);
    };
    // Not worth standing still for: the next round does it too.
    await clean().catch(() => {});
    ended(round);
  }

  #stuck(cause: string): void {
    const why = `stands still: nothing can be written (${cause}). It is tried again and again`;
    this.#tell('error', 'federation.paused', why);
    this.#parts.changed();
  }

  #freed(after: Millis): void {
    this.#tell(
      'info',
      'federation.unpaused',
      `goes on after ${Math.round(after / 1000)} s: its store can be written again`,
    );
    // Before any tick that was posted meanwhile.
    this.#queue.unshift({ event: { kind: 'held', for: after }, done: () => {} });
    void this.#drain();
  }

  #tell(severity: Severity, kind: string, what: string): void {
    const { journal, learner } = this.#parts;
    const message = `The round of ${learner.title} ${what}`;
    journal.record({ severity, kind, subject: `federation/${learner.name}`, message });
  }
}
