// A node in secure rounds: it answers the coordinator step by step with what it has trained, and lets the masked update out
// only by its gate (consent, budget, ledger). The protocol itself is in `client.ts`.

import { messageOf } from '../../../core/errors.ts';
import type { ProtectedUpdate } from '../privacy/clip-and-noise.ts';
import type { PrivacyConfig } from '../privacy/config.ts';
import type { PrivacyGate } from '../privacy/gate.ts';
import type { SecretSource } from '../privacy/secret-numbers.ts';
import { advertise, answerCoordinator, type ClientParts, type ClientState, newNonce } from './client.ts';
import { digestOf, type FederationKeys } from './federation-keys.ts';
import {
  Call,
  FULL_WEIGHT,
  kindOf,
  makeMessage,
  openMessage,
  Plan,
  type RoundFacts,
  type SecureMessage,
} from './messages.ts';
import { groupNoise } from './noise-share.ts';
import type { SecureAnswer, Stopped } from './secure-wire.ts';

/** Calls of one round that are answered: a coordinator that was restarted calls anew. */
const MOST_CALLS = 4;

export interface SecureParticipantParts {
  keys: FederationKeys;
  gate: Pick<PrivacyGate, 'protectForGroup' | 'release' | 'outlook'>;
  config(): PrivacyConfig;
  secrets: SecretSource;
  /** Whether that node coordinates this learner's rounds under this term, as far as is known here. */
  isCoordinator(node: string, learner: string, term: number): boolean;
}

/** What a node has to bring to a round. */
export interface TrainedUpdate {
  facts: RoundFacts;
  delta: Float32Array;
  examples: number;
  /** Examples that count in full: fewer have a smaller weight in the sum. */
  fullExamples: number;
}

/** What became of it, for the round's view. */
export type SecureStanding = 'waiting' | 'left' | 'held' | 'refused';

interface Session {
  /** Of the coordinator that called: later than the invitation's, where another took the round over. */
  term: number;
  nonce: { nonce: string; commitment: string };
  state: ClientState | undefined;
  from: ProtectedUpdate | undefined;
  counted: number;
}

interface Ready extends TrainedUpdate {
  /** By the digest of the call. */
  sessions: Map<string, Session>;
  standing: SecureStanding;
}

export class SecureParticipant {
  readonly #parts: SecureParticipantParts;
  /** By learner: the update of its latest round. */
  readonly #ready = new Map<string, Ready>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: SecureParticipantParts) {
    this.#parts = parts;
  }

  /** Training is done: from now on a call of that round is answered. What was ready for an earlier one is dropped. */
  ready(update: TrainedUpdate): void {
    this.#ready.set(update.facts.learner, { ...update, sessions: new Map(), standing: 'waiting' });
  }

  /** The round is over, or this node left it: its secrets go. */
  drop(learner: string): void {
    this.#ready.delete(learner);
  }

  standing(learner: string): SecureStanding | undefined {
    return this.#ready.get(learner)?.standing;
  }

  /** The answer to a question of `origin`, as it came over the network. One after the other. Never rejects. */
  answer(origin: string, message: SecureMessage): Promise<SecureAnswer> {
    const result = this.#queue
      .then(() => this.#answer(origin, message))
      .catch((thrown: unknown): SecureAnswer => ({ stopped: stoppedBy('failed', messageOf(thrown), false) }));
    this.#queue = result;
    return result;
  }

  async #answer(origin: string, message: SecureMessage): Promise<SecureAnswer> {
    const said = kindOf(message);
    if (said === undefined) return stopped('malformed', 'that is no message of secure aggregation');
    if (said.node !== origin) return stopped('not-the-coordinator', 'that is not the word of who brought it');
    if (this.#parts.config().secure === 'off') return stopped('off', 'secure aggregation is off on this node');
    if (said.kind === 'call') return this.#join(message);
    if (said.kind === 'plan') return this.#advertise(message);
    return this.#goOn(origin, message);
  }

  async #join(message: SecureMessage): Promise<SecureAnswer> {
    const { keys, gate, secrets } = this.#parts;
    const opened = openMessage(keys, Call, message);
    if (typeof opened === 'string') return stopped(opened, 'the call is not in order');
    const { node, learner, term, clip, noise } = opened.body;
    if (!this.#parts.isCoordinator(node, learner, term)) {
      return stopped('not-the-coordinator', `${node} does not coordinate ${learner} in term ${term}`, true);
    }
    const mine = this.#readyFor(opened.body);
    if (mine === undefined) return stopped('not-ready', 'nothing is trained for that round here', true);
    const { consent, next } = await gate.outlook(learner, { clip, noise });
    if (consent.updates === 'deny') return stopped('denied', 'the owner of this node denies it');
    if (next.kind === 'refused') return stopped(next.reason, next.sentence);
    const call = digestOf(message.signed.body);
    let session = mine.sessions.get(call);
    if (session === undefined) {
      if (mine.sessions.size >= MOST_CALLS) return stopped('too-many-calls', 'that round was called too often');
      session = { term, nonce: newNonce(secrets), state: undefined, from: undefined, counted: 0 };
      mine.sessions.set(call, session);
    }
    const { commitment } = session.nonce;
    return { message: makeMessage(keys, { kind: 'join', node: keys.self, call, commitment }) };
  }

  #advertise(message: SecureMessage): SecureAnswer {
    const { keys } = this.#parts;
    const opened = openMessage(keys, Plan, message);
    if (typeof opened === 'string') return stopped(opened, 'the plan is not in order');
    const mine = this.#readyFor(opened.body);
    const invitation = opened.body.invited.find(({ node }) => node === keys.self);
    const session = [...(mine?.sessions.values() ?? [])].find(
      ({ nonce, term }) => nonce.commitment === invitation?.commitment && term === opened.body.term,
    );
    if (mine === undefined || session === undefined) return stopped('not-invited', 'this node joined no such round');
    if (session.state !== undefined) {
      const repeated = answerCoordinator(session.state, message, this.#clientParts(mine, session));
      return this.#said(session, repeated);
    }
    const weight = weightOf(mine);
    const parts = this.#clientParts(mine, session);
    return this.#said(session, advertise(parts, message, opened.body.node, { nonce: session.nonce.nonce, weight }));
  }

  async #goOn(origin: string, message: SecureMessage): Promise<SecureAnswer> {
    for (const mine of this.#ready.values()) {
      for (const session of mine.sessions.values()) {
        if (session.state === undefined || !isAbout(session.state, message)) continue;
        const answer = this.#said(session, answerCoordinator(session.state, message, this.#clientParts(mine, session)));
        return kindOf(message)?.kind === 'boxes' && 'message' in answer
          ? this.#release(origin, mine, session, answer.message)
          : answer;
      }
    }
    return stopped('wrong-round', 'this node is in no such group');
  }

  /** Nothing masked leaves before it is charged and written down. */
  async #release(to: string, mine: Ready, session: Session, message: SecureMessage): Promise<SecureAnswer> {
    const { learner, round } = mine.facts;
    const { term } = session;
    const release = await this.#parts.gate.release({
      ...{ learner, kind: 'updates', to, term, round, data: message.data, examples: mine.examples },
      ...(session.from === undefined ? {} : { from: session.from }),
      secure: { countedNoise: session.counted },
    });
    if (release.kind === 'leave') {
      mine.standing = 'left';
      return { message };
    }
    mine.standing = release.kind;
    if (release.kind === 'held') return stopped('held', release.sentence, true);
    return stopped(release.reason, release.sentence, release.reason === 'not-written');
  }

  #said(session: Session, step: ReturnType<typeof answerCoordinator>): SecureAnswer {
    session.state = step.state;
    if (step.answer !== undefined) return { message: step.answer };
    const reason = step.state.kind === 'stopped' ? step.state.reason : 'out-of-order';
    return stopped(reason, `this node left the secure round: ${reason}`);
  }

  #clientParts(mine: Ready, session: Session): ClientParts {
    const { keys, secrets, gate } = this.#parts;
    const config = this.#parts.config();
    return {
      keys,
      secrets,
      smallestGroup: config.smallestGroup,
      input: (plan, size) => {
        const noise = groupNoise(config, plan, size);
        session.from = gate.protectForGroup(mine.delta, plan.clip, noise, weightOf(mine) / FULL_WEIGHT);
        session.counted = noise.counted;
        return session.from.steps;
      },
    };
  }

  #readyFor(facts: RoundFacts): Ready | undefined {
    const mine = this.#ready.get(facts.learner);
    if (mine === undefined) return undefined;
    const { network, format, term, round, base, size } = mine.facts;
    const same =
      network === facts.network &&
      format === facts.format &&
      term <= facts.term &&
      round === facts.round &&
      base === facts.base &&
      size === facts.size;
    return same ? mine : undefined;
  }
}

/** In thousandths of a full one: what is said of the update and what it is scaled by are one number. */
function weightOf({ examples, fullExamples }: TrainedUpdate): number {
  return Math.max(1, Math.min(FULL_WEIGHT, Math.round((FULL_WEIGHT * examples) / fullExamples)));
}

/** Whether a message is of the plan or group that a session is in. Rosters name the plan, all others the group. */
function isAbout(state: ClientState, { signed }: SecureMessage): boolean {
  if (state.kind === 'stopped') return false;
  const named = state.kind === 'advertised' ? state.planDigest : 'group' in state ? state.group : undefined;
  if (named !== undefined && signed.body.includes(named)) return true;
  // A question that was answered already.
  const question = digestOf(signed.body);
  return [...state.given.values()].some((given) => given.question === question);
}

const stoppedBy = (reason: string, sentence: string, again: boolean): Stopped => ({
  reason,
  sentence: sentence.slice(0, 500),
  again,
});

const stopped = (reason: string, sentence: string, again = false): SecureAnswer => ({
  stopped: stoppedBy(reason, sentence, again),
});
