// PARLMAPEKExecutor: monitor, analyze, plan and execute over shared knowledge (Kephart and Chess 2003), for each symptom on
// its own and all of them at once. It feeds the core with what happens and carries out what the core returns; whatever
// fails on the way is told to the core as an end, so that nothing stands still.

import { EventEmitter } from 'node:events';
import type { Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { RepairAction } from './action.ts';
import { type ActionName, inWords, repairActions } from './action-catalogue.ts';
import { ActionRunner, MAPEK_AGENT } from './action-runner.ts';
import { Analyzer, type Finding } from './analyzer.ts';
import { settingsOf } from './config.ts';
import { copyOf, cut, type IncidentView } from './incident.ts';
import { IncidentLog } from './incident-log.ts';
import { symptomOf } from './incident-story.ts';
import { Knowledge } from './knowledge.ts';
import { LoopCore } from './loop-core.ts';
import type { Effect, LoopEvent } from './loop-state.ts';
import type { MapekFigures, MapekParts, Proposal } from './parts.ts';
import { PhaseTimes } from './phase-times.ts';
import { plan } from './planner.ts';
import { proposedSymptom } from './proposals.ts';
import { type Answer, QuestionDesk, type QuestionView } from './questions.ts';
import { type Attention, Watchfulness } from './sampling.ts';
import type { Signal } from './signal.ts';
import { symptomKey } from './symptom.ts';
import { HearingVerifier, Verifications } from './verification.ts';

/** What nobody announces is looked for so often. */
const SWEEP: Millis = 2_000;
const DAY: Millis = 86_400_000;

/**
 * Emits `incident` whenever a story changed, `question` with a new question to people, and `question-closed` when one needs
 * no answer any more.
 */
export class PARLMAPEKExecutor
  extends EventEmitter<{ incident: [IncidentView]; question: [QuestionView]; 'question-closed': [QuestionView] }>
  implements Service
{
  readonly name = 'mapek';
  readonly knowledge: Knowledge;
  readonly #parts: MapekParts;
  readonly #analyzer = new Analyzer();
  readonly #actions: ReadonlyMap<ActionName, RepairAction>;
  #core: LoopCore;
  readonly #runner: ActionRunner;
  readonly #log: IncidentLog;
  readonly #desk: QuestionDesk;
  readonly #times: PhaseTimes;
  readonly #verifications: Verifications;
  readonly #watchfulness = new Watchfulness((subject) => this.#attentionFor(subject));
  readonly #proposals = new Map<number, { resolve: (said: string) => void; reject: (error: unknown) => void }>();
  /** When the signal came that each incident began with, until its first action begins. */
  readonly #heardAt = new Map<string, Millis>();
  readonly #queue: LoopEvent[] = [];
  #proposal = 0;
  #concluding: Millis | undefined;
  #due: Timer | undefined;
  #sweep: Timer | undefined;
  #isOpen = false;

  constructor(parts: MapekParts) {
    super();
    const { self, hands, storage, clock, random, logger, authorizer } = parts;
    this.#parts = parts;
    this.#times = new PhaseTimes(parts.onPhase);
    this.#actions = repairActions(hands);
    this.knowledge = new Knowledge({ storage: storage.knowledge, clock, random, logger });
    this.#log = new IncidentLog(storage.incidents, logger, (incident) =>
      this.#guarded(() => this.emit('incident', incident)),
    );
    this.#desk = new QuestionDesk({ storage: storage.questions, clock, logger });
    this.#runner = new ActionRunner({ self, authorizer, clock });
    this.#verifications = new Verifications({
      ...{ clock, logger },
      verifier: parts.verifier ?? new HearingVerifier(this.#analyzer, clock),
    });
    this.#core = this.#newCore();
    this.#desk.on('asked', (question) => this.#guarded(() => this.emit('question', question)));
    this.#desk.on('closed', (question) => this.#guarded(() => this.emit('question-closed', question)));
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isOpen || this.#parts.config.mode === 'off') return;
    await Promise.all([this.knowledge.load(), this.#desk.load()]);
    const asked = new Set(this.#desk.open().map(({ id }) => id));
    await this.#log.load((question) => asked.has(question), this.#parts.clock.wall());
    signal.throwIfAborted();
    this.#core = this.#newCore();
    for (const view of this.#log.all()) {
      if (view.state !== 'asked' || view.question === undefined) continue;
      asked.delete(view.question);
      this.#core.resume(copyOf(view), symptomOf(view), view.question);
    }
    // Questions whose incident is not kept any more.
    for (const id of asked) this.#desk.withdraw(id);
    this.#isOpen = true;
    this.#sweep = this.#parts.clock.every(SWEEP, () => this.#onTime());
  }

  async stop(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#sweep?.cancel();
    this.#due?.cancel();
    this.#runner.abort('the daemon stops');
    this.#verifications.stopAll();
    const stopped = new ParlmeshError('MAPEK_STOPPED', 'the loop has stopped');
    for (const { reject } of this.#proposals.values()) reject(stopped);
    this.#proposals.clear();
    await this.#log.settled();
  }

  /** Takes in what was seen or said. Never throws and never blocks; many at once are concluded from together. */
  observe(signal: Signal): void {
    if (!this.#isOpen) return;
    const { clock } = this.#parts;
    const began = clock.now();
    const isNews = this.#analyzer.weigh(signal, began, clock.wall());
    this.#times.observe('monitor', clock.now() - began);
    const suspects = this.#analyzer.takeNewSuspects();
    if (suspects.length > 0) this.#suspect(suspects);
    if (!isNews || this.#concluding !== undefined) return;
    this.#concluding = began;
    queueMicrotask(() => this.#conclude());
  }

  /** `subject` works only while all of `needs` do: what fails there explains what fails here. */
  depends(subject: string, needs: readonly string[]): void {
    this.#analyzer.graph.set(subject, needs);
  }

  /** Facts of a subject, 0 to 1, that matter to the choice of action: `{ usb: 1 }` of a camera. */
  know(subject: string, facts: Readonly<Record<string, number>>): void {
    this.#analyzer.know(subject, facts);
  }

  /** How long until a subject should be looked at again: `usual` ms while all is well, sooner while it is not. */
  lookEvery(subject: string, usual: Millis): Millis {
    return this.#watchfulness.lookEvery(subject, usual, this.#parts.clock.now());
  }

  /** Newest first. */
  incidents(): IncidentView[] {
    return this.#log.all();
  }

  incident(id: string): IncidentView | undefined {
    return this.#log.find(id);
  }

  questions(): QuestionView[] {
    return this.#desk.open();
  }

  /** Throws `QUESTION_UNKNOWN` and `OFFER_UNKNOWN`. @param by who answers, for the story and the oracle */
  answer(question: string, answer: Answer, by: string): void {
    this.#desk.answer(question, answer);
    this.#feed({ kind: 'answered', question, answer, by });
  }

  /**
   * Has an action done under the loop's locks, budgets and deadlines and the oracle's word. Resolves with what was done;
   * rejects with `REPAIR_REFUSED` or `REPAIR_FAILED`. Whoever proposes it verifies it.
   */
  async propose({ action, fault, subject, why, by }: Proposal): Promise<string> {
    if (!this.#isOpen) throw new ParlmeshError('MAPEK_STOPPED', 'the loop does not run');
    const symptom = proposedSymptom(fault, subject, why, this.#parts.clock.wall());
    const may = this.#actions.get(action)?.precondition(symptom) ?? 'it is unknown here';
    if (may !== true) throw new ParlmeshError('REPAIR_REFUSED', `${inWords(action, symptom)}: ${may}`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const proposal = ++this.#proposal;
    this.#proposals.set(proposal, { resolve, reject });
    this.#feed({ kind: 'proposed', proposal, action, symptom, why, by });
    return promise;
  }

  /** For metrics. */
  figures(): MapekFigures {
    return {
      phases: this.#times.histograms(),
      open: this.#core.open().length,
      questions: this.#desk.open().length,
      ignoredSignals: this.#analyzer.ignored,
      lostRecords: this.knowledge.lost,
    };
  }

  #newCore(): LoopCore {
    const { self, newId, config } = this.#parts;
    return new LoopCore({
      ...{ self, newId, settings: () => settingsOf(config) },
      canUndo: (action) => this.#actions.get(action)?.undo !== undefined,
      isPresent: (key) => this.#analyzer.isPresent(key),
    });
  }

  #attentionFor(subject: string): Attention {
    const { graph } = this.#analyzer;
    const concerns = (other: string): boolean => other === subject || graph.dependsOn(other, subject);
    const repairing = this.#core.open().some(({ phase: { kind }, symptom }) => {
      return (kind === 'acting' || kind === 'verifying') && concerns(symptom.subject);
    });
    if (repairing) return 'repairing';
    return this.#analyzer.suspects().some(concerns) ? 'suspect' : 'calm';
  }

  /** What is suspected is looked at now, with what it needs: its trouble may come from there. */
  #suspect(suspects: readonly string[]): void {
    this.#lookNow(suspects.flatMap((subject) => [subject, ...this.#analyzer.graph.needsOf(subject)]));
    this.#arm();
  }

  #lookNow(subjects: readonly string[]): void {
    this.#guarded(() => this.#parts.lookNow?.([...new Set(subjects)]));
  }

  #conclude(): void {
    if (!this.#isOpen) return;
    const { clock } = this.#parts;
    const began = clock.now();
    const heardAt = this.#concluding ?? began;
    this.#concluding = undefined;
    const findings = this.#analyzer.conclude(began, clock.wall());
    this.#times.observe('analyze', clock.now() - began);
    this.#take(findings, heardAt);
  }

  #onTime(): void {
    if (!this.#isOpen) return;
    const { clock } = this.#parts;
    const now = clock.now();
    this.#take(this.#analyzer.tick(now, clock.wall()), now);
    for (const { id } of this.#desk.expire()) this.#feed({ kind: 'expired', question: id });
    this.#feed({ kind: 'tick' });
  }

  #take(findings: readonly Finding[], heardAt: Millis): void {
    for (const finding of findings) {
      if (finding.kind === 'raised') this.#heardAt.set(symptomKey(finding.symptom), heardAt);
      else if (finding.kind === 'over') this.#heardAt.delete(finding.key);
    }
    this.#feed(...findings);
  }

  /** Wakes when the analysis or the core waits for nothing but time. */
  #arm(): void {
    this.#due?.cancel();
    this.#due = undefined;
    const times = [this.#analyzer.dueAt(), this.#core.dueAt()].filter((at) => at !== undefined);
    if (!this.#isOpen || times.length === 0) return;
    const { clock } = this.#parts;
    // Timers of the system may fire a little early: one more millisecond saves an idle turn.
    this.#due = clock.after(Math.max(1, Math.min(...times) - clock.now() + 1), () => this.#onTime());
  }

  /** Events wait for the one before: what it brings about is carried out first. */
  #feed(...events: LoopEvent[]): void {
    const isBusy = this.#queue.length > 0;
    this.#queue.push(...events);
    if (isBusy) return;
    for (let next = this.#queue[0]; next !== undefined; this.#queue.shift(), next = this.#queue[0]) {
      for (const effect of this.#effectsOf(next)) this.#carryOut(effect);
    }
    this.#arm();
  }

  /** A defect of the core costs one event, not the loop. */
  #effectsOf(event: LoopEvent): Effect[] {
    const { clock, logger } = this.#parts;
    try {
      return this.#core.on(event, clock.now(), clock.wall());
    } catch (error) {
      logger.error({ event: event.kind, err: error }, 'the core of the loop failed over an event');
      return [];
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'tell':
        this.#log.changed(effect.incident);
        break;
      case 'plan':
        this.#plan(effect);
        break;
      case 'act':
        void this.#act(effect);
        break;
      case 'verify':
        void this.#verify(effect);
        break;
      case 'stop-verifying':
        this.#verifications.stop(effect.check);
        break;
      case 'undo':
        void this.#undo(effect);
        break;
      case 'ask':
        this.#ask(effect);
        break;
      case 'withdraw':
        this.#desk.withdraw(effect.question);
        break;
      case 'learn':
        this.knowledge.note(effect.record);
        break;
      case 'journal':
        this.#parts.journal.record(effect.entry);
        break;
      case 'refuse-proposal': {
        this.#proposals.get(effect.proposal)?.reject(new ParlmeshError('REPAIR_REFUSED', effect.why));
        this.#proposals.delete(effect.proposal);
      }
    }
  }

  #plan({ key, serial, symptom, tried }: Effect & { kind: 'plan' }): void {
    const { clock } = this.#parts;
    const began = clock.now();
    const made = plan(symptom, tried, { actions: this.#actions, bandit: this.knowledge.bandit });
    this.#times.observe('plan', clock.now() - began);
    this.#feed({ kind: 'planned', key, serial, plan: made });
  }

  async #act({ run, action, symptom, why, by, proposal }: Effect & { kind: 'act' }): Promise<void> {
    const { clock } = this.#parts;
    const ordered = clock.now();
    let begun = ordered;
    const byPeople = by !== 'loop' && proposal === undefined;
    const { how, said } = await this.#runner.run({
      ...{ action: this.#actions.get(action)!, symptom, why },
      actor: byPeople
        ? { kind: 'operator', name: by }
        : { kind: 'agent', id: proposal === undefined ? MAPEK_AGENT : by },
      onBegin: () => {
        begun = clock.now();
        this.#times.observe('execute', begun - ordered);
        this.#noteCycle(symptomKey(symptom), begun);
      },
      onSettled: () => this.#feed({ kind: 'run-settled', run }),
    });
    this.#times.observe('act', clock.now() - begun);
    if (proposal !== undefined) {
      const waiting = this.#proposals.get(proposal);
      this.#proposals.delete(proposal);
      if (how === 'done') waiting?.resolve(said);
      else waiting?.reject(new ParlmeshError(how === 'refused' ? 'REPAIR_REFUSED' : 'REPAIR_FAILED', said));
    }
    if (this.#isOpen) this.#feed({ kind: 'run-ended', run, how, said });
  }

  #noteCycle(key: string, begun: Millis): void {
    const heardAt = this.#heardAt.get(key);
    if (heardAt === undefined) return;
    this.#heardAt.delete(key);
    this.#times.observe('cycle', begun - heardAt);
  }

  /** The analysis tells the core by itself when it is gone; this adds the own look, and the end of the patience. */
  async #verify({ check, symptom, within }: Effect & { kind: 'verify' }): Promise<void> {
    const { clock } = this.#parts;
    const began = clock.now();
    this.#lookNow([symptom.subject, ...symptom.explains.slice(0, 16)]);
    const isGone = await this.#verifications.run(check, symptom, within);
    this.#times.observe('verify', clock.now() - began);
    if (this.#isOpen && isGone !== undefined) this.#feed({ kind: 'verified', check, isGone });
  }

  async #undo({ run, action, symptom }: Effect & { kind: 'undo' }): Promise<void> {
    const ok = await this.#runner.undo(this.#actions.get(action)!, symptom);
    if (this.#isOpen) this.#feed({ kind: 'undone', run, ok });
  }

  #ask({ question, incident, key, reason, offers }: Effect & { kind: 'ask' }): void {
    const now = this.#parts.clock.wall();
    const asked = this.#desk.ask({
      ...{ id: question, incident: incident.id, key, reason: cut(reason, 300), askedAt: now },
      offers: offers.slice(0, 4).map((action) => ({ action, inWords: inWords(action, incident) })),
      expiresAt: now + this.#parts.config.questionDays * DAY,
    });
    if (!asked) this.#feed({ kind: 'not-asked', question });
  }

  /** What others hand in or listen with may throw: that is its own fault. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#parts.logger.error({ error: messageOf(error) }, 'what listens to the loop threw');
    }
  }
}
