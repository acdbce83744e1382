// One learner's line of models on the coordinator: a candidate is judged by several nodes, rolled out stage by stage, and
// settled or taken back. The shell around `stage.ts` and `judging.ts`: it asks, writes down and tells.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Logger } from '../../../core/logger.ts';
import type { AgentNetwork } from '../../network.ts';
import type { Learner, Model } from '../learner.ts';
import { bytesOf } from '../learners/vectors.ts';
import type { FederationStorage } from '../storage.ts';
import { admit, scrutinise } from './admission.ts';
import type { Asker } from './asker.ts';
import { type Candidate, FATE_IN_WORDS, type RolloutEnd } from './candidate.ts';
import type { RolloutConfig } from './config.ts';
import { documentName, isStep, NOTHING, type Rolling, type RolloutDocument, readDocument } from './document.ts';
import type { Judged, Words } from './judging.ts';
import { type RolloutRecord, UNJUDGED } from './lineage.ts';
import { ModelRoom, textOf } from './model-room.ts';
import { reachableInOrder, reachableNodes } from './order.ts';
import { fetchModel, recall } from './recall.ts';
import { type SealKeys, sealOf, signStatement } from './seal.ts';
import { beginStages, type StageEffect, type StageEvent, stepStage } from './stage.ts';
import { putQuestion } from './stage-questions.ts';
import { takeOver } from './takeover.ts';
import { Trial } from './trial.ts';
import { newcomersToAsk, straysToAsk, withNewcomer, withoutStray, withSettled, withTakenBack } from './upkeep.ts';

export interface LineParts {
  learner: Learner;
  storage: FederationStorage;
  network: AgentNetwork;
  asker: Asker;
  keys: SealKeys;
  /** What a node has in common with others: its profile; undefined while unknown. */
  group: (node: string) => string | undefined;
  config: RolloutConfig;
  clock: Clock;
  journal: Journal;
  logger: Logger;
  ended: (end: RolloutEnd) => void;
  changed: () => void;
}

const TICK: Millis = 2000;
/** A board that slept does not count that as time in which work went well. */
const LONGEST_TICK: Millis = 10_000;
const WRITE_EVERY: Millis = 60_000;
const RECALLED = 256;
const MODELS_KEPT = 64;
const MOST_REASON = 1000;

export class Line {
  readonly #parts: LineParts;
  readonly #room: ModelRoom;
  #document: RolloutDocument = NOTHING;
  #written: RolloutDocument = NOTHING;
  #writtenAt: Millis = 0;
  #trial: Trial | undefined;
  /** What nodes have answered since the last tick. */
  #events: StageEvent[] = [];
  #changes: ((document: RolloutDocument) => RolloutDocument)[] = [];
  readonly #failures = new Map<string, number>();
  readonly #unwilling = new Set<string>();
  #timer: Timer | undefined;
  #tickedAt: Millis = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #isTicking = false;
  #isReady = false;
  /** Resolves once it is known what came before, or it does not coordinate any more. */
  #ready = Promise.withResolvers<void>();
  #life = 0;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#room = new ModelRoom(parts.storage, parts.learner, parts.clock);
  }

  get document(): RolloutDocument {
    return this.#document;
  }

  get words(): Words {
    return this.#trial?.words ?? new Map();
  }

  get isBusy(): boolean {
    return !this.#isReady || this.#document.judging !== undefined;
  }

  /** This node coordinates from now on: goes on where it, or the coordinator before it, was. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const { clock } = this.#parts;
    this.#isReady = false;
    [this.#events, this.#changes] = [[], []];
    this.#trial = undefined;
    this.#tickedAt = clock.now();
    this.#ready = Promise.withResolvers();
    this.#life++;
    this.#timer = clock.every(TICK, () => void this.#tick());
    void this.#tick();
  }

  /** Another node coordinates: nothing is asked or written any more. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isReady = false;
    this.#ready.resolve();
    this.#life++;
  }

  propose(candidate: Candidate): Promise<string> {
    return this.#inTurn(() => this.#take(candidate));
  }

  async #take(candidate: Candidate): Promise<string> {
    const { learner, clock } = this.#parts;
    if (this.isBusy) {
      throw new ParlmeshError(
        'ROLLOUT_BUSY',
        `Another candidate of ${learner.name} is judged, or what came before is not known yet`,
      );
    }
    const model = admit(candidate, learner);
    const { version } = model;
    const { tip, rolling, settled } = this.#document;
    if ([tip?.version, rolling?.version, settled?.version].includes(version)) return version;
    await scrutinise(model, await this.#served(), learner);
    const { parameters, origin } = candidate;
    const rollout: RolloutRecord = { ...UNJUDGED, at: clock.wall() };
    // Of a merge, the two lines stand there already.
    const { parents, split } = await this.#room.lineage(version);
    const merged = { ...(parents && { parents }), ...(split && { split }) };
    const lineage = { origin: { ...origin, nodes: [...origin.nodes] }, ...merged, rollout };
    await this.#room.put(version, lineage, bytesOf(parameters));
    await this.#write({ ...this.#document, judging: version });
    return version;
  }

  /** What rounds go on from; a coordinator that has just begun asks the nodes first. */
  async tip(): Promise<Model> {
    if (this.#timer !== undefined) await this.#ready.promise;
    const { tip } = this.#document;
    return (tip && (await this.#room.load(tip.version))) ?? this.#served();
  }

  async #served(): Promise<Model> {
    const { settled } = this.#document;
    return (settled && (await this.#room.load(settled.version))) ?? this.#parts.learner.current();
  }

  /** What is on the disk, and what the nodes remember of another coordinator's roll-out. */
  async #resume(): Promise<void> {
    const { learner, storage, network } = this.#parts;
    const life = this.#life;
    const stored = readDocument(await storage.document(documentName(learner.name)));
    const memories = await recall(reachableNodes(network).slice(0, RECALLED), learner, this.#parts);
    const { rolling, settled, tip } = stored;
    const known = await this.#room.latestRound([rolling?.version, settled?.version, tip?.version]);
    const { document, needs } = takeOver(stored, memories, known);
    if (needs !== undefined)
      await fetchModel(needs.seal, needs.holders, { asker: this.#parts.asker, room: this.#room });
    if (life !== this.#life) return;
    await this.#write(document);
    this.#isReady = true;
    this.#ready.resolve();
    if (needs === undefined) return;
    const { version, round } = needs.seal;
    const message = `Model ${version} of round ${round} was on its way when ${network.self} took over; it goes on with ${needs.holders.length} nodes that serve it`;
    this.#tell('info', message);
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    const { clock, logger, learner } = this.#parts;
    const elapsed = Math.min(LONGEST_TICK, clock.now() - this.#tickedAt);
    this.#tickedAt = clock.now();
    try {
      await this.#inTurn(() => (this.#isReady ? this.#goOn(elapsed) : this.#resume()));
    } catch (error) {
      // Nothing has changed that was not written; the next tick tries again.
      if (this.#timer === undefined) return;
      logger.warn({ learner: learner.name, cause: messageOf(error) }, 'the roll-out could not go on');
    } finally {
      this.#isTicking = false;
    }
  }

  async #goOn(elapsed: Millis): Promise<void> {
    const changed = this.#changes.reduce((document, change) => change(document), this.#document);
    if (changed !== this.#document) await this.#write(changed);
    this.#changes = [];
    await this.#judge();
    await this.#roll(elapsed);
    this.#mend();
    await this.#bringUpToDate();
  }

  /** Whatever changes the document does so one after another. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #judge(): Promise<void> {
    const version = this.#document.judging;
    if (version === undefined) return;
    this.#trial ??= await this.#beginTrial(version);
    if (this.#trial === undefined) {
      // Its numbers are gone: the round that made it makes another.
      await this.#write(without(this.#document, 'judging'));
      return;
    }
    const judged = this.#trial.poll();
    if (judged !== undefined) await this.#decide(this.#trial, judged);
  }

  async #beginTrial(version: string): Promise<Trial | undefined> {
    const { learner, keys, config, asker, clock } = this.#parts;
    const [model, baseline] = [await this.#room.load(version), await this.#served()];
    const { origin } = await this.#room.lineage(version);
    if (model === undefined || origin === undefined) return undefined;
    const candidate = { learner: learner.name, format: learner.format, parameters: model.parameters, origin };
    return new Trial({
      ...{ version, asker, config, clock, asked: this.#reachable(version).slice(0, config.evaluators) },
      seal: signStatement(keys, sealOf(candidate, version, keys.self)),
      ...{ candidate: textOf(model.parameters), baseline: textOf(baseline.parameters) },
    });
  }

  /** judging -> rolling | tip | nothing */
  async #decide(trial: Trial, { as, reason, pooled }: Judged): Promise<void> {
    const { config } = this.#parts;
    const { version, seal } = trial;
    const before = without(this.#document, 'judging');
    const rounds = (before.tip?.rounds ?? 0) + 1;
    const gain = pooled && { value: pooled.gain, low: pooled.low, high: pooled.high, trials: pooled.trials };
    const told = { ...(gain && { gain }), verdicts: trial.verdicts() };
    let fate: RolloutEnd['fate'] | undefined;
    let document = before;
    let why = reason;
    if (as === 'better' && before.rolling === undefined) {
      document = { ...before, tip: { version, rounds: 0 }, rolling: { version, seal, state: beginStages() } };
    } else if (as === 'worse' || as === 'doubtful') {
      [fate, document] = ['refused', without(before, 'tip')];
    } else if (rounds > config.patience) {
      [fate, document] = ['refused', without(before, 'tip')];
      why = `${reason}; rounds went on from such candidates ${config.patience} times and begin anew`;
    } else {
      [fate, document] = ['carried', { ...before, tip: { version, rounds } }];
      if (as === 'better') why = `${reason}; it waits, since ${before.rolling?.version} is on its way`;
    }
    await this.#room.record(version, { fate: fate ?? 'rolling-out', reason: why, ...told });
    await this.#write(document);
    this.#trial = undefined;
    if (fate === undefined) {
      this.#failures.clear();
      this.#tell('info', `Model ${version} goes to a few nodes first: it is ${why}`);
    } else await this.#finish(version, fate, why);
  }

  async #roll(elapsed: Millis): Promise<void> {
    const { config } = this.#parts;
    const { rolling } = this.#document;
    if (rolling === undefined) {
      this.#events = [];
      return;
    }
    const text = await this.#room.text(rolling.version);
    if (text === undefined) {
      await this.#close(rolling, 'taken-back', 'its numbers are not in the store any more');
      return;
    }
    const events: StageEvent[] = [
      ...this.#events,
      { kind: 'tick', elapsed, reachable: this.#reachable(rolling.version) },
    ];
    this.#events = [];
    let { state } = rolling;
    let effects: StageEffect[] = [];
    for (const event of events) ({ state, effects } = stepStage(state, event, config));
    const document = { ...this.#document, rolling: { ...rolling, state } };
    const end = effects.find((effect) => effect.kind === 'ended');
    if (end !== undefined) {
      await this.#close(document.rolling, end.fate, end.reason);
      return;
    }
    await this.#write(document, !isStep(this.#written, document));
    for (const effect of effects) await this.#carryOut(effect, rolling, text);
  }

  async #carryOut(effect: StageEffect, { version, seal }: Rolling, parameters: string): Promise<void> {
    const { asker, learner } = this.#parts;
    if (effect.kind === 'passed') {
      await this.#room.record(version, { fate: 'rolling-out', reason: effect.finding }, effect.finding);
      this.#tell('info', `Model ${version} has passed a stage of its roll-out: ${effect.finding}`);
    }
    if (effect.kind !== 'adopt' && effect.kind !== 'measure') return;
    const life = this.#life;
    const model = { learner: learner.name, version, seal, parameters };
    void putQuestion(effect, model, asker, this.#failures).then((event) => {
      const isOfIt = life === this.#life && this.#document.rolling?.version === version;
      if (event !== undefined && isOfIt) this.#events.push(event);
    });
  }

  /** rolling -> settled | taken back | refused */
  async #close(rolling: Rolling, fate: 'settled' | 'taken-back' | 'refused', reason: string): Promise<void> {
    const { keys, learner } = this.#parts;
    const { version } = rolling;
    const said = { learner: learner.name, version, coordinator: keys.self, reason: reason.slice(0, MOST_REASON) };
    const document =
      fate === 'settled' ? withSettled(this.#document) : withTakenBack(this.#document, signStatement(keys, said));
    await this.#room.record(version, { fate, reason });
    await this.#write(document);
    this.#events = [];
    this.#unwilling.clear();
    await this.#finish(version, fate, reason);
  }

  async #finish(version: string, fate: RolloutEnd['fate'], reason: string): Promise<void> {
    const { learner, storage, ended, logger } = this.#parts;
    const { settled, tip, rolling } = this.#document;
    const round = await this.#room.latestRound([version]);
    this.#tell(
      fate === 'taken-back' ? 'warning' : 'info',
      `Model ${version} of round ${round} ${FATE_IN_WORDS[fate]}: ${reason}`,
    );
    const needed = [settled?.version, tip?.version, rolling?.version].filter((known) => known !== undefined);
    await storage.dropModels(learner.name, MODELS_KEPT, needed).catch((error: unknown) => {
      logger.debug({ cause: messageOf(error) }, 'old models were not dropped');
    });
    ended({ learner: learner.name, version, round, fate, reason });
  }

  /** Takes back what was taken back, where it was not reached before. */
  #mend(): void {
    const life = this.#life;
    if (this.#document.strays.length === 0) return;
    for (const stray of straysToAsk(this.#document, reachableNodes(this.#parts.network))) {
      void this.#parts.asker.ask(stray.node, { kind: 'take-back', notice: stray.notice }).then((answer) => {
        const isGone = answer?.kind === 'refused' && answer.reason === 'unknown-learner';
        if (life !== this.#life || (answer?.kind !== 'took-back' && !isGone)) return;
        this.#changes.push((document) => withoutStray(document, stray));
      });
    }
  }

  /** Nodes that were away, or are new, get what all others serve. */
  async #bringUpToDate(): Promise<void> {
    const { settled } = this.#document;
    if (settled === undefined) return;
    const { version, seal } = settled;
    const nodes = newcomersToAsk(this.#document, reachableNodes(this.#parts.network), this.#unwilling);
    const parameters = nodes.length === 0 ? undefined : await this.#room.text(version);
    if (parameters === undefined) return;
    const [life, stage] = [this.#life, this.#parts.config.stages.length];
    for (const node of nodes) {
      void this.#parts.asker.ask(node, { kind: 'adopt', seal, parameters, canary: false, stage }).then((answer) => {
        if (life !== this.#life) return;
        if (answer?.kind === 'refused') this.#unwilling.add(node);
        if (answer?.kind === 'adopted') this.#changes.push((document) => withNewcomer(document, version, node));
      });
    }
  }

  #reachable(version: string): string[] {
    return reachableInOrder(this.#parts.network, this.#parts.group, version);
  }

  /** @param mayWait it is enough to have it on the disk once a minute */
  async #write(document: RolloutDocument, mayWait = false): Promise<void> {
    const { storage, learner, clock, changed } = this.#parts;
    if (this.#timer === undefined) throw new ParlmeshError('ROLLOUT_STOPPED', 'This node does not coordinate any more');
    if (!mayWait || clock.now() - this.#writtenAt >= WRITE_EVERY) {
      await storage.putDocument(documentName(learner.name), JSON.stringify(document));
      this.#written = document;
      this.#writtenAt = clock.now();
    }
    this.#document = document;
    if (!mayWait) changed();
  }

  #tell(severity: 'info' | 'warning', message: string): void {
    const { journal, learner } = this.#parts;
    const about = { kind: 'federation.rollout', subject: 'service/federation' };
    journal.record({ severity, ...about, message: `${learner.title}: ${message}` });
  }
}

function without<K extends 'judging' | 'tip' | 'rolling'>(document: RolloutDocument, key: K): Omit<RolloutDocument, K> {
  const { [key]: _, ...rest } = document;
  return rest;
}
