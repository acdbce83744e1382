// A node's side of the rounds: tells what it could bring, hears invitations, trains within what the board gives, and sends what
// came of it until it is acknowledged. It believes only the coordinator of the present, and asks its owner's gates first.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { AgentNetwork } from '../network.ts';
import { bodyOf } from '../oracle/keys.ts';
import type { Learner } from './learner.ts';
import {
  type Answer,
  type DeclineReason,
  frameOf,
  INVITE,
  Invitation,
  type Offer,
  offerTopic,
  RECALL,
  Recall,
  type RoundKeys,
  readFrame,
  SignedText,
  WITHDRAW,
} from './messages.ts';
import { deliver } from './rounds/delivery.ts';
import { type Duty, type DutyEnd, sending } from './rounds/duty.ts';
import { no, wrongWith } from './rounds/invitation-check.ts';
import { isOlder, Notes, type Pending } from './rounds/notes.ts';
import { releaseOfKept, untilReleased } from './rounds/owners-word.ts';
import type { Gate, Leadership, Notebook, Protection, Release, UpdateCodec } from './rounds/ports.ts';
import type { Post } from './rounds/post.ts';
import { aborted, trainFor, Withdrawn } from './rounds/training.ts';

export interface ParticipantParts {
  network: AgentNetwork;
  /** Shared with the coordinator of this node. */
  post: Post;
  keys: RoundKeys;
  leadership: Leadership;
  /** Those that this node takes part with. */
  learners: readonly Learner[];
  /** Seconds of one processor that this board can give a training now; 0: none. */
  budget(learner: string): number;
  /** All must have nothing against it: consent, privacy, capability. */
  gates: readonly Gate[];
  protection?: Protection;
  codec: UpdateCodec;
  notebook: Notebook;
  /** How the board is: 0 idle to 1, and its charge when it runs on battery. */
  condition(): { pressure: number; battery?: number };
  clock: Clock;
  random: Random;
  journal: Journal;
}

interface Work {
  duty: Exclude<Duty, { kind: 'idle' }>;
  mode: Invitation['mode'];
  abort: AbortController;
  over: Promise<DutyEnd>;
}

const LOOK_EVERY: Millis = 5000;
const SAY_AGAIN: Millis = offerTopic.lifetime / 3;
const TELL_WITHIN: Millis = 5000;

/** Emits `duty` after what it does for a learner changed. */
export class Participant extends EventEmitter<{ duty: [learner: string, duty: Duty] }> implements Service {
  readonly name = 'federation-participant';
  readonly #parts: ParticipantParts;
  readonly #learners: ReadonlyMap<string, Learner>;
  readonly #notes: Notes;
  readonly #works = new Map<string, Work>();
  /** Invitations to one learner are looked at one after the other. */
  readonly #asking = new Map<string, Promise<unknown>>();
  /** One training at a time: the budget is of the board. */
  #training: Promise<unknown> = Promise.resolve();
  #said: { text: string; at: Millis } | undefined;
  #timers: Timer[] = [];
  #isStarted = false;
  readonly #declined = new Map<DeclineReason, number>();
  readonly #ends = new Map<DutyEnd['kind'], number>();

  /** Before the network starts. */
  constructor(parts: ParticipantParts) {
    super();
    this.#parts = parts;
    this.#learners = new Map(parts.learners.map((learner) => [learner.name, learner]));
    this.#notes = new Notes(parts.notebook);
    parts.post.handle(INVITE, async (origin, frame) => {
      const signed = readFrame(SignedText, frame)?.header;
      return frameOf(signed === undefined ? no('malformed', 'no invitation') : await this.invited(signed, origin));
    });
    parts.post.handle(RECALL, (origin, frame) => {
      const recalled = readFrame(Recall, frame)?.header;
      if (recalled !== undefined) this.recall(recalled.learner, recalled.id, origin);
      return frameOf({});
    });
  }

  /** Goes on sending what an earlier life had packed. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#notes.read();
    signal.throwIfAborted();
    this.#isStarted = true;
    for (const pending of this.#notes.pending()) {
      if (this.#learners.has(pending.learner)) this.#goOn(pending);
    }
    this.#timers = [this.#parts.clock.every(LOOK_EVERY, () => this.#say())];
    this.#say();
  }

  /** What is packed stays on the disk; what is being trained is begun anew when it is asked for again. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    const works = [...this.#works.values()];
    for (const { abort } of works) abort.abort(new Withdrawn('stopping', 'this node stops'));
    await Promise.all(works.map(({ over }) => over));
  }

  duties(): { learner: string; duty: Duty }[] {
    return this.#parts.learners.map(({ name }) => ({
      learner: name,
      duty: this.#works.get(name)?.duty ?? { kind: 'idle' },
    }));
  }

  /** For metrics. */
  figures() {
    return {
      declined: Object.fromEntries(this.#declined),
      ended: Object.fromEntries(this.#ends),
      active: this.#works.size,
    };
  }

  /** What this node could bring to rounds now. */
  offer(): Offer {
    const { pressure, battery } = this.#parts.condition();
    return {
      learners: this.#parts.learners.slice(0, 16).map((learner) => ({
        ...{ name: learner.name, format: learner.format, size: learner.size },
        examples: this.#examples(learner),
        heard: this.#notes.of(learner.name).heard,
      })),
      // Coarse, so that a breath of load is no news.
      pressure: Math.round(Math.min(1, Math.max(0, pressure)) * 10) / 10,
      ...(battery !== undefined && { battery: Math.round(Math.min(1, Math.max(0, battery)) * 20) / 20 }),
    };
  }

  /** An invitation, by whichever way it came. @param origin who brought it, when that must be the coordinator itself */
  async invited(signed: SignedText, origin?: string): Promise<Answer> {
    const invitation = bodyOf(Invitation, signed);
    let answer: Answer;
    if (invitation === undefined) answer = no('malformed', 'that is no invitation');
    else {
      const { learner } = invitation;
      const before = this.#asking.get(learner) ?? Promise.resolve();
      const asking = before.then(() => this.#consider(invitation, signed, origin));
      this.#asking.set(
        learner,
        asking.catch(() => {}),
      );
      answer = await asking.catch((thrown: unknown) => no('training-failed', messageOf(thrown)));
    }
    if (answer.kind === 'declined') this.#declined.set(answer.reason, (this.#declined.get(answer.reason) ?? 0) + 1);
    return answer;
  }

  /** Resolves when nothing more is done for that round here. */
  async over(learner: string, id: string): Promise<DutyEnd> {
    const work = this.#works.get(learner);
    return work?.duty.id === id ? work.over : { kind: 'dropped', cause: 'nothing is done for it here' };
  }

  /** The coordinator wants nothing more of that round; or, without `origin`, this node itself. */
  recall(learner: string, id: string, origin?: string): void {
    const work = this.#works.get(learner);
    if (work?.duty.id !== id || (origin !== undefined && origin !== work.duty.coordinator)) return;
    // What is packed is sent: the coordinator says itself whether it still counts.
    if (work.duty.kind !== 'sending') work.abort.abort(new Withdrawn('stale', 'the round went on without it'));
  }

  async #consider(invitation: Invitation, signed: SignedText, origin: string | undefined): Promise<Answer> {
    const learner = this.#learners.get(invitation.learner);
    const wrong = this.#isStarted
      ? wrongWith(invitation, signed, learner, this.#parts, origin)
      : no('stopping', 'this node starts or stops');
    if (wrong !== undefined || learner === undefined) return wrong ?? no('unknown-learner', 'not federated here');
    const { id, term, round, coordinator } = invitation;
    const note = this.#notes.of(learner.name);
    const work = this.#works.get(learner.name);
    if (work?.duty.id === id) return { kind: 'accepted', examples: this.#examples(learner) };
    if (isOlder({ term, round }, note.heard)) {
      return {
        ...no('stale', `this node has heard of round ${note.heard.round} of term ${note.heard.term}`),
        heard: note.heard,
      };
    }
    if (work !== undefined && work.mode === 'asynchronous' && invitation.mode === 'asynchronous') {
      return no('busy', 'it works for another round still');
    }
    const examples = this.#examples(learner);
    if (examples === 0) return no('nothing-new', 'there is nothing new to train on');
    if (this.#parts.budget(learner.name) <= 0) return no('budget', 'this board has no time for training now');
    for (const gate of this.#parts.gates) {
      const refusal = await gate(invitation, coordinator);
      if (refusal !== undefined) return no(refusal.reason, refusal.cause);
    }
    // An older round of this learner is over by now.
    if (work !== undefined) {
      work.abort.abort(new Withdrawn('stale', `round ${round} began`));
      await work.over;
    }
    // On the disk before anybody hears of it: no invitation counts twice, whatever happens.
    await this.#notes.set(learner.name, { heard: { term, round }, id });
    if (!this.#isStarted) return no('stopping', 'this node stops');
    const duty: Duty = { kind: 'training', round, id, coordinator, since: this.#now() };
    this.#begin(learner.name, invitation.mode, duty, (begun) => this.#train(invitation, learner, begun));
    return { kind: 'accepted', examples };
  }

  #begin(learner: string, mode: Work['mode'], duty: Work['duty'], run: (work: Work) => Promise<DutyEnd>): void {
    const work: Work = { duty, mode, abort: new AbortController(), over: Promise.resolve({ kind: 'given-up' }) };
    this.#works.set(learner, work);
    work.over = run(work).catch((thrown: unknown): DutyEnd => ({ kind: 'dropped', cause: messageOf(thrown) }));
    void work.over.then((end) => {
      if (this.#works.get(learner) === work) this.#works.delete(learner);
      this.#ends.set(end.kind, (this.#ends.get(end.kind) ?? 0) + 1);
      this.emit('duty', learner, { kind: 'idle' });
      this.#say();
    });
    this.emit('duty', learner, duty);
  }

  /** With an update that an earlier life had packed. */
  #goOn(pending: Pending): void {
    const { learner, mode, id, coordinator, held } = pending;
    const { clock, protection } = this.#parts;
    const since = this.#now();
    if (held === undefined) {
      this.#begin(learner, mode, sending(pending, since), (work) => this.#send(pending, work));
      return;
    }
    const { round } = held;
    const duty: Duty = { kind: 'held', round, id, coordinator, since, cause: 'it waited before a restart' };
    const lasts = Math.min(pending.lasts, Math.max(0, held.until - clock.wall()));
    this.#begin(learner, mode, duty, (work) =>
      this.#inTime({ id, coordinator, round, lasts }, learner, work, () =>
        this.#bring(pending, releaseOfKept(pending, protection), work),
      ),
    );
  }

  #train(invitation: Invitation, learner: Learner, work: Work): Promise<DutyEnd> {
    const { signal } = work.abort;
    return this.#inTime(invitation, learner.name, work, async () => {
      const training = this.#training.then(() => {
        signal.throwIfAborted();
        return trainFor(invitation, learner, this.#parts, signal);
      });
      this.#training = training.catch(() => {});
      const { pending, release } = await aborted(training, signal);
      return this.#bring(pending, release, work);
    });
  }

  /** Until the round is over; what fails before anything is sent is told to the coordinator. */
  async #inTime(
    round: Pick<Invitation, 'id' | 'coordinator' | 'round' | 'lasts'>,
    learner: string,
    work: Work,
    run: () => Promise<DutyEnd>,
  ): Promise<DutyEnd> {
    const { signal } = work.abort;
    const late = this.#parts.clock.after(round.lasts, () => {
      if (work.duty.kind !== 'sending') work.abort.abort(new Withdrawn('stale', 'the time of the round is over'));
    });
    try {
      return await run();
    } catch (thrown) {
      const why = signal.aborted ? signal.reason : thrown;
      const reason =
        why instanceof Withdrawn
          ? why.reason
          : why instanceof ParlmeshError && why.code === 'MODEL_MISSING'
            ? 'model-missing'
            : 'training-failed';
      // What waits for its owner goes on waiting after a restart.
      const isKept = work.duty.kind === 'held' && reason === 'stopping';
      if (work.duty.kind === 'sending' || isKept) return { kind: 'dropped', cause: messageOf(why) };
      if (work.duty.kind === 'held') await this.#note(learner, round.id).catch(() => {});
      return this.#withdraw(round, learner, reason, messageOf(why));
    } finally {
      late.cancel();
    }
  }

  /** Sends what is packed once it may leave. While it waits for its owner it is kept as it is. */
  async #bring(pending: Pending, release: (() => Promise<Release>) | undefined, work: Work): Promise<DutyEnd> {
    const { held, ...ready } = pending;
    const { id, learner } = pending;
    if (release !== undefined && held !== undefined) {
      const waits = async (cause: string): Promise<void> => {
        this.#change(learner, work, { ...work.duty, kind: 'held', round: held.round, cause });
        await this.#note(learner, id, pending);
      };
      await untilReleased(release, waits, this.#parts.clock, work.abort.signal);
    }
    await this.#note(learner, id, ready);
    this.#change(learner, work, sending(ready, this.#now()));
    return this.#send(ready, work);
  }

  #note(learner: string, id: string, pending?: Pending): Promise<void> {
    return this.#notes.set(learner, { heard: this.#notes.of(learner).heard, id, ...(pending && { pending }) });
  }

  /** Tells the coordinator that nothing will come, so that it need not wait. */
  #withdraw(
    { id, coordinator, round }: Pick<Invitation, 'id' | 'coordinator' | 'round'>,
    learner: string,
    reason: DeclineReason,
    cause: string,
  ): DutyEnd {
    const { post, journal } = this.#parts;
    if (reason !== 'stale') {
      const frame = frameOf({ id, learner, reason, cause: cause.slice(0, 500) });
      post.ask(coordinator, WITHDRAW, frame, TELL_WITHIN).catch(() => {});
    }
    if (reason === 'training-failed' || reason === 'model-missing') {
      journal.record({
        ...{ severity: 'warning', kind: 'federation.training-failed', subject: `federation/${learner}` },
        message: `${this.#learners.get(learner)?.title}: this node brings nothing to round ${round}: ${cause}`,
      });
    }
    return { kind: 'withdrawn', reason, cause };
  }

  async #send(pending: Pending, work: Work): Promise<DutyEnd> {
    const { codec, journal } = this.#parts;
    const { learner, id } = pending;
    const end = await deliver(this.#parts, pending, work.abort.signal);
    codec.settled?.(learner, end.kind === 'taken');
    // Should that fail, the same is sent once more after a restart, and is acknowledged once more.
    await this.#note(learner, id).catch(() => {});
    if (end.kind === 'refused' && !EXPECTED.has(end.reason)) {
      journal.record({
        ...{ severity: 'warning', kind: 'federation.update-refused', subject: `federation/${learner}` },
        message: `The coordinator refused this node's update of ${learner}: ${end.cause} (${end.reason})`,
      });
    }
    return end;
  }

  #change(learner: string, work: Work, duty: Work['duty']): void {
    if (work.duty.kind === duty.kind) return;
    work.duty = duty;
    this.emit('duty', learner, duty);
  }

  /** What it could bring, when that has changed enough to matter. */
  #say(): void {
    if (!this.#isStarted) return;
    const offer = this.offer();
    const text = JSON.stringify({
      ...offer,
      learners: offer.learners.map((each) => ({ ...each, examples: Math.round(Math.log1p(each.examples) * 8) })),
    });
    const now = this.#now();
    if (this.#said?.text === text && now - this.#said.at < SAY_AGAIN) return;
    this.#said = { text, at: now };
    this.#parts.network.publish(offerTopic, offer);
  }

  #examples(learner: Learner): number {
    return Math.min(1e9, Math.max(0, Math.floor(learner.examples())));
  }

  #now(): Millis {
    return this.#parts.clock.now();
  }
}

/** The round simply went on. */
const EXPECTED: ReadonlySet<string> = new Set(['stale', 'closed', 'unknown-round', 'duplicate']);
