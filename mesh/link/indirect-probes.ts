// "I do not reach this peer: do you?" A dead link is no dead peer: before one is called so, up to three other neighbours
// probe it (SWIM, Das and others, 2002).

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { type PeerMessage, PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';
import type { LinkTiming } from './presets.ts';

export interface IndirectVerdict {
  reached: boolean;
  /** Who was asked. */
  asked: NodeId[];
  /** What each of them said. */
  answers: HelperAnswer[];
  /** Who reached it first. */
  via?: NodeId;
}

export interface HelperAnswer {
  via: NodeId;
  /** `unanswered`: it said nothing in time, or not before another one reached the peer. */
  outcome: 'answered' | 'silent' | 'unanswered';
}

export interface IndirectProbesParts {
  clock: Clock;
  random: Random;
  timing: LinkTiming;
  send: (peer: NodeId, message: PeerMessage) => boolean;
  /** Whom this node reaches. */
  neighbours: () => NodeId[];
  /** Probes a neighbour now. */
  reaches: (peer: NodeId, within: Millis, done: (reached: boolean) => void) => void;
  verdict: (peer: NodeId, verdict: IndirectVerdict) => void;
}

const HELPERS = 3;
const MOST_QUESTIONS = 64;
/** Questions of others that are being answered at once. */
const MOST_ERRANDS = 32;
/** For a question and its answer to travel. */
const TRAVEL: Millis = 100;

interface Question {
  peer: NodeId;
  asked: NodeId[];
  waiting: Set<NodeId>;
  timer: Timer;
}

export class IndirectProbes {
  readonly #parts: IndirectProbesParts;
  readonly #questions = new Map<number, Question>();
  #number = 0;
  #errands = 0;

  constructor(parts: IndirectProbesParts) {
    this.#parts = parts;
  }

  /** The link to this peer is down; `verdict` follows, at once when there is nobody to ask. */
  ask(peer: NodeId): void {
    for (const question of this.#questions.values()) if (question.peer === peer) return;
    const { clock, send, verdict } = this.#parts;
    const number = ++this.#number;
    const message = create(PeerMessageSchema, { kind: { case: 'probeAsk', value: { number, peer } } });
    const asked = this.#helpers(peer).filter((helper) => send(helper, message));
    if (asked.length === 0 || this.#questions.size >= MOST_QUESTIONS) {
      verdict(peer, { reached: false, asked: [], answers: [] });
      return;
    }
    const timer = clock.after(this.#patience() + TRAVEL, () => this.#conclude(number, undefined));
    this.#questions.set(number, { peer, asked, waiting: new Set(asked), timer });
  }

  hear(from: NodeId, message: PeerMessage['kind']): void {
    if (message.case === 'probeAsk') this.#onAsk(from, message.value.number, message.value.peer);
    else if (message.case === 'probeAnswer') this.#onAnswer(from, message.value.number, message.value.reached);
  }

  stop(): void {
    for (const { timer } of this.#questions.values()) timer.cancel();
    this.#questions.clear();
  }

  #onAsk(from: NodeId, number: number, peer: NodeId): void {
    if (this.#errands >= MOST_ERRANDS) return;
    this.#errands++;
    this.#parts.reaches(peer, this.#patience(), (reached) => {
      this.#errands--;
      const value = { number, reached };
      this.#parts.send(from, create(PeerMessageSchema, { kind: { case: 'probeAnswer', value } }));
    });
  }

  #onAnswer(from: NodeId, number: number, reached: boolean): void {
    const question = this.#questions.get(number);
    // Only who was asked has a say, and one.
    if (question === undefined || !question.waiting.delete(from)) return;
    if (reached) this.#conclude(number, from);
    else if (question.waiting.size === 0) this.#conclude(number, undefined);
  }

  #conclude(number: number, via: NodeId | undefined): void {
    const question = this.#questions.get(number);
    if (question === undefined) return;
    question.timer.cancel();
    this.#questions.delete(number);
    const { peer, asked, waiting } = question;
    const answers = asked.map((one) => {
      const outcome = one === via ? 'answered' : waiting.has(one) ? 'unanswered' : 'silent';
      return { via: one, outcome } as const;
    });
    this.#parts.verdict(peer, { reached: via !== undefined, asked, answers, ...(via !== undefined && { via }) });
  }

  #helpers(peer: NodeId): NodeId[] {
    const candidates = this.#parts.neighbours().filter((one) => one !== peer);
    const chosen: NodeId[] = [];
    while (chosen.length < HELPERS && candidates.length > 0) {
      chosen.push(...candidates.splice(this.#parts.random.below(candidates.length), 1));
    }
    return chosen;
  }

  /** As long as this node itself would wait for an answer. */
  #patience(): Millis {
    const { interval, detectMultiplier } = this.#parts.timing;
    return interval * detectMultiplier;
  }
}
