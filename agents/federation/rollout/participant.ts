// A node's side of a roll-out: answers what the coordinator asks, plays candidates, serves what was proven to be theirs who
// made it, and takes it back. It remembers what it adopted, so that a coordinator that takes over can ask for it.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { Authorizer } from '../../authorizer.ts';
import type { Comparison, Learner } from '../learner.ts';
import { checkModel } from '../learners/kept-model.ts';
import { numbersOf, versionOf } from '../learners/vectors.ts';
import { LearnerName, SignedText } from '../messages.ts';
import type { Notebook } from '../rounds/ports.ts';
import {
  Measure,
  ModelSeal,
  type RolloutAnswer,
  type RolloutQuestion,
  type RolloutRefusal,
  TakeBackNotice,
} from './messages.ts';
import { textOf } from './model-room.ts';
import { originOf, readStatement, type SealKeys } from './seal.ts';

export interface RolloutParticipantParts {
  learners: readonly Learner[];
  /** Id of the node that coordinates, as this node knows it now. */
  coordinator: () => string | undefined;
  keys: SealKeys;
  authorizer: Authorizer;
  /** What the owner lets happen here: false, or why not. */
  consents: (learner: string, as: 'canary' | 'serving') => true | string;
  notebook: Notebook;
  clock: Clock;
  logger: Logger;
}

/** Who the oracle is asked for: this node's own hand, which serves what the coordinator brings. No agent of a user can be called so. */
export const ROLLOUT_AGENT = 'federated roll-out';

/** What this node knows of the last model of each learner that it adopted. */
const Ticket = Type.Object({
  seal: SignedText,
  stage: Type.Integer({ minimum: 0, maximum: 16 }),
  before: Type.Optional(Measure),
  unit: Type.Optional(Type.String({ maxLength: 64 })),
  notice: Type.Optional(SignedText),
});
type Ticket = Static<typeof Ticket>;
const Tickets = Type.Record(LearnerName, Ticket);

/** Verdicts that are kept for who asks again. */
const MOST_VERDICTS = 8;
const MOST_SENTENCE = 1000;

type Trial = { kind: 'working' } | { kind: 'done'; answer: RolloutAnswer };

export class RolloutParticipant {
  readonly #parts: RolloutParticipantParts;
  #tickets: Record<string, Ticket> = {};
  readonly #trials = new Map<string, Trial>();
  readonly #refused = new Map<RolloutRefusal, number>();
  /** One after another: what is asked twice at once is done once. */
  #turn: Promise<unknown> = Promise.resolve();
  #life = new AbortController();

  constructor(parts: RolloutParticipantParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#life = new AbortController();
    const stored = await this.#parts.notebook.read();
    if (Value.Check(Tickets, stored)) this.#tickets = { ...stored };
  }

  async stop(): Promise<void> {
    this.#life.abort(new ParlmeshError('STOPPING', 'the node is stopping'));
  }

  /** Questions that were refused, by reason. */
  refused(): Readonly<Partial<Record<RolloutRefusal, number>>> {
    return Object.fromEntries(this.#refused);
  }

  /** Never rejects: what is wrong with a question is its answer. @param origin the transport has proven it */
  async answer(origin: string, question: RolloutQuestion): Promise<RolloutAnswer> {
    const { coordinator, logger } = this.#parts;
    const answer = await (coordinator() === origin
      ? this.#answer(origin, question).catch((thrown: unknown) => this.#failed(thrown))
      : refusal('not-coordinator', `${origin} does not coordinate, as far as this node knows`));
    if (answer.kind === 'refused') {
      this.#refused.set(answer.reason, (this.#refused.get(answer.reason) ?? 0) + 1);
      logger.debug(
        { origin, question: question.kind, reason: answer.reason, cause: answer.cause },
        'a question of the roll-out was refused',
      );
    }
    return answer;
  }

  async #answer(origin: string, question: RolloutQuestion): Promise<RolloutAnswer> {
    switch (question.kind) {
      case 'evaluate':
        return this.#evaluate(question);
      case 'adopt':
        return this.#inTurn(() => this.#adopt(origin, question));
      case 'measure':
        return this.#measure(question);
      case 'take-back':
        return this.#inTurn(() => this.#takeBack(question.notice));
      case 'recall':
        return this.#recall(question.learner);
      case 'model': {
        const current = this.#learner(question.learner).current();
        if (current.version !== question.version) {
          return refusal('unknown-model', `${question.version} does not serve here, ${current.version} does`);
        }
        return { kind: 'model', parameters: textOf(current.parameters) };
      }
    }
  }

  /** What was sealed, with its numbers, once all of it is right. */
  async #open(
    sealed: SignedText,
    text: string,
  ): Promise<{ learner: Learner; seal: ModelSeal; parameters: Float32Array }> {
    const seal = readStatement(this.#parts.keys, ModelSeal, sealed);
    if (seal === undefined) throw new Refused('forged', 'the seal is not that of a member of this network');
    const learner = this.#learner(seal.learner);
    if (seal.format !== learner.format || seal.size !== learner.size) {
      throw new Refused(
        'wrong-format',
        `it has ${seal.size} numbers of format ${seal.format}; this node needs ${learner.size} of format ${learner.format}`,
      );
    }
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== 4 * learner.size)
      throw new Refused('malformed', `${bytes.length} bytes are not ${learner.size} numbers`);
    const parameters = numbersOf(bytes);
    try {
      checkModel({ version: seal.version, parameters }, learner.size);
    } catch (error) {
      throw new Refused('malformed', messageOf(error));
    }
    return { learner, seal, parameters };
  }

  /** Answers at once; the verdict is there when it is asked again. */
  async #evaluate({
    seal: sealed,
    candidate,
    baseline,
  }: Extract<RolloutQuestion, { kind: 'evaluate' }>): Promise<RolloutAnswer> {
    const { learner, seal, parameters } = await this.#open(sealed, candidate);
    const bytes = Buffer.from(baseline, 'base64');
    const before = bytes.length === 4 * learner.size ? numbersOf(bytes) : undefined;
    if (before === undefined || !before.every(Number.isFinite))
      throw new Refused('malformed', 'the baseline has not the shape of a model');
    const key = `${seal.learner}/${seal.version}/${versionOf(before)}`;
    const known = this.#trials.get(key);
    if (known !== undefined) return known.kind === 'done' ? known.answer : known;
    if ([...this.#trials.values()].some(({ kind }) => kind === 'working')) return { kind: 'working' };
    for (const old of this.#trials.keys()) {
      if (this.#trials.size < MOST_VERDICTS) break;
      this.#trials.delete(old);
    }
    this.#trials.set(key, { kind: 'working' });
    this.#judge(learner, parameters, before).then(
      (answer) => this.#trials.set(key, { kind: 'done', answer }),
      (error: unknown) => this.#trials.set(key, { kind: 'done', answer: this.#failed(error) }),
    );
    return { kind: 'working' };
  }

  async #judge(learner: Learner, candidate: Float32Array, baseline: Float32Array): Promise<RolloutAnswer> {
    const doubt = await learner.inspect?.(candidate, baseline);
    if (doubt !== undefined) return refusal('doubtful', doubt);
    const { gain, interval, trials, sentence }: Comparison = await learner.compare(
      candidate,
      baseline,
      this.#life.signal,
    );
    if (!(gain > 0 && Number.isFinite(gain))) return refusal('failed', `the comparison gave ${gain}`);
    const isInterval = interval?.every((bound) => Number.isFinite(bound) && bound >= 0);
    return {
      kind: 'verdict',
      comparison: { gain, ...(isInterval && { interval }), trials, sentence: sentence.slice(0, MOST_SENTENCE) },
    };
  }

  async #adopt(
    origin: string,
    { seal: sealed, parameters: text, canary, stage }: Extract<RolloutQuestion, { kind: 'adopt' }>,
  ): Promise<RolloutAnswer> {
    const { learner, seal, parameters } = await this.#open(sealed, text);
    const { keys, authorizer, consents } = this.#parts;
    const ticket = this.#tickets[learner.name];
    const adopted = this.#sealOf(ticket);
    const current = learner.current();
    if (adopted?.version === seal.version) {
      if (ticket?.notice !== undefined) throw new Refused('taken-back', `${seal.version} was taken back here`);
      if (current.version === seal.version) return answerOf(ticket);
    }
    const consent = consents(learner.name, canary ? 'canary' : 'serving');
    if (consent !== true) throw new Refused('no-consent', consent);
    const doubt = await learner.inspect?.(parameters, current.parameters);
    if (doubt !== undefined) throw new Refused('doubtful', doubt);
    try {
      // Without a fingerprint: the last stage is the same change on many nodes at once, and is meant to be.
      await authorizer.authorize({
        ...{ action: 'model.adopt', actor: { kind: 'agent', id: ROLLOUT_AGENT }, scope: 'node', nodes: [keys.self] },
        subject: `${learner.name}/${seal.version} from ${origin}`,
      });
    } catch (error) {
      throw new Refused('not-allowed', messageOf(error));
    }
    const performance = learner.performance();
    const next: Ticket = { seal: sealed, stage, ...measureOf(performance) };
    // Written down first: killed in between, it serves the one before and is asked again.
    await this.#keep(learner.name, next);
    await learner.adopt({ version: seal.version, parameters }, originOf(seal));
    return answerOf(next);
  }

  #measure({ learner: name, last }: Extract<RolloutQuestion, { kind: 'measure' }>): RolloutAnswer {
    const learner = this.#learner(name);
    const since = last === undefined ? undefined : this.#parts.clock.wall() - last;
    const { before: measure, unit } = measureOf(learner.performance(since));
    return { kind: 'measured', version: learner.current().version, ...(measure && { measure, unit }) };
  }

  async #takeBack(signed: SignedText): Promise<RolloutAnswer> {
    const notice = readStatement(this.#parts.keys, TakeBackNotice, signed);
    if (notice === undefined) throw new Refused('forged', 'the notice is not that of a member of this network');
    const learner = this.#learner(notice.learner);
    const ticket = this.#tickets[learner.name];
    await learner.takeBack(notice.version, notice.reason);
    if (ticket !== undefined && this.#sealOf(ticket)?.version === notice.version) {
      await this.#keep(learner.name, { ...ticket, notice: signed });
    }
    return { kind: 'took-back' };
  }

  #recall(name: string): RolloutAnswer {
    const learner = this.#learner(name);
    const ticket = this.#tickets[name];
    const serves = ticket !== undefined && this.#sealOf(ticket)?.version === learner.current().version;
    return { kind: 'recalled', serves, ...ticket };
  }

  #sealOf(ticket: Ticket | undefined): ModelSeal | undefined {
    return readStatement(this.#parts.keys, ModelSeal, ticket?.seal);
  }

  async #keep(learner: string, ticket: Ticket): Promise<void> {
    const tickets = { ...this.#tickets, [learner]: ticket };
    await this.#parts.notebook.write(tickets);
    this.#tickets = tickets;
  }

  #learner(name: string): Learner {
    const learner = this.#parts.learners.find((known) => known.name === name);
    if (learner === undefined) throw new Refused('unknown-learner', `there is no learner "${name}" here`);
    return learner;
  }

  #inTurn(work: () => Promise<RolloutAnswer>): Promise<RolloutAnswer> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #failed(thrown: unknown): RolloutAnswer {
    if (thrown instanceof Refused) return refusal(thrown.reason, thrown.message);
    const isEmpty = thrown instanceof ParlmeshError && thrown.code === 'LEARNER_NO_TRIALS';
    return refusal(isEmpty ? 'no-trials' : 'failed', messageOf(thrown));
  }
}

class Refused extends Error {
  readonly reason: RolloutRefusal;
  constructor(reason: RolloutRefusal, cause: string) {
    super(cause);
    this.reason = reason;
  }
}

function refusal(reason: RolloutRefusal, cause: string): Extract<RolloutAnswer, { kind: 'refused' }> {
  return { kind: 'refused', reason, cause: cause.slice(0, MOST_SENTENCE) };
}

function answerOf(ticket: Ticket | undefined): RolloutAnswer {
  const { before, unit } = ticket ?? {};
  return { kind: 'adopted', ...(before && { before }), ...(unit !== undefined && { unit }) };
}

function measureOf(performance: ReturnType<Learner['performance']>): { before?: Measure; unit?: string } {
  if (performance === undefined || performance.samples < 1 || !Number.isFinite(performance.cost)) return {};
  const { cost, samples, deviation, unit } = performance;
  const isSpread = deviation !== undefined && Number.isFinite(deviation);
  return { before: { cost, samples, ...(isSpread && { deviation }) }, unit };
}
