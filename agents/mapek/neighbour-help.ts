// A neighbour that helps: what a node cannot repair at itself, it asks another one to do, which does only what it was set
// up to do, only if its own oracle lets that node ask for it, and only so often.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Authorizer } from '../authorizer.ts';
import type { AgentNetwork } from '../network.ts';
import type { RepairHand } from './action.ts';
import { ACTION_NAMES, type ActionName } from './action-catalogue.ts';
import { cut } from './incident.ts';
import { FAULTS, type Symptom } from './symptom.ts';
import { within } from './within.ts';

const HelpRequest = Type.Object({
  action: Type.Enum([...ACTION_NAMES]),
  fault: Type.Enum([...FAULTS]),
  subject: Type.String({ pattern: '^[a-z][a-z0-9-]*(/[^\\s]+)?$', maxLength: 200 }),
  why: Type.String({ maxLength: 500 }),
});
type HelpRequest = Static<typeof HelpRequest>;

const HelpReply = Type.Object({
  done: Type.Boolean(),
  /** What was done, or why it was not. */
  said: Type.String({ maxLength: 500 }),
});

const SERVICE = 'mapek-help';
const MOST_BYTES = 4_096;
/** What one neighbour may ask for: one a minute on average, three at once. */
const RATE = { perSecond: 1 / 60, burst: 3 };
const MOST_NEIGHBOURS = 1_024;
const DEADLINE: Millis = 25_000;
/** Neighbours that are asked for one symptom, nearest first. */
const MOST_ASKED = 3;

export interface NeighbourHelpParts {
  network: AgentNetwork;
  authorizer: Authorizer;
  clock: Clock;
  /**
   * What this node does for others; `precondition` says whether it can. Typically `link.reset` (towards whoever asks) and
   * `process.restart-service` of a service that lives on another board but is run from here.
   */
  hands: Readonly<Partial<Record<ActionName, RepairHand>>>;
  /** What a neighbour is asked to do about a symptom of this node; undefined when nobody can help. */
  wish: (symptom: Symptom) => { action: ActionName; subject: string } | undefined;
}

/** The hand of `neighbour.ask`, and the answer to those who ask this node. Construct it before the network starts. */
export class NeighbourHelp implements RepairHand {
  readonly #parts: NeighbourHelpParts;
  readonly #rates = new Map<string, TokenBucket>();

  constructor(parts: NeighbourHelpParts) {
    this.#parts = parts;
    parts.network.handle(SERVICE, (origin, payload) => this.#answer(origin, payload));
  }

  precondition(symptom: Symptom): true | string {
    if (this.#parts.wish(symptom) === undefined) return 'no neighbour can help with that';
    return this.#neighbours(symptom).length > 0 || 'no neighbour can be reached';
  }

  /** Asks the nearest neighbours one after the other until one has helped. */
  async carryOut(symptom: Symptom, why: string, signal: AbortSignal): Promise<string> {
    const { network } = this.#parts;
    const wish = this.#parts.wish(symptom);
    if (wish === undefined) throw new ParlmeshError('REPAIR_IMPOSSIBLE', 'no neighbour can help with that');
    const request: HelpRequest = { ...wish, fault: symptom.fault, why: cut(why) };
    const payload = Buffer.from(JSON.stringify(request));
    const refusals: string[] = [];
    for (const { id, name } of this.#neighbours(symptom).slice(0, MOST_ASKED)) {
      signal.throwIfAborted();
      try {
        const reply = decode(HelpReply, await network.request(id, SERVICE, payload, { deadline: DEADLINE }));
        if (reply?.done === true) return `${name} helped: ${reply.said}`;
        refusals.push(`${name}: ${reply?.said ?? 'said something else'}`);
      } catch (error) {
        refusals.push(`${name}: ${messageOf(error)}`);
      }
    }
    throw new ParlmeshError('REPAIR_FAILED', cut(`no neighbour helped: ${refusals.join('; ')}`));
  }

  /** Reachable ones, nearest first; never the one that is in trouble itself. */
  #neighbours({ subject }: Symptom) {
    return this.#parts.network
      .nodes()
      .filter(({ id, reachable }) => reachable && !subject.endsWith(`/${id}`))
      .toSorted((a, b) => (a.roundTrip ?? 10) - (b.roundTrip ?? 10));
  }

  async #answer(origin: string, payload: Uint8Array): Promise<Uint8Array> {
    const reply = await this.#help(origin, payload).then(
      (said) => ({ done: true, said: cut(said) }),
      (error: unknown) => ({ done: false, said: cut(messageOf(error)) }),
    );
    return Buffer.from(JSON.stringify(reply));
  }

  async #help(origin: string, payload: Uint8Array): Promise<string> {
    const { authorizer, clock, network } = this.#parts;
    if (!this.#rateOf(origin).take(clock.now())) {
      throw new ParlmeshError('HELP_TOO_OFTEN', 'this node helped you so often lately that it does not now');
    }
    const request = decode(HelpRequest, payload);
    if (request === undefined)
      throw new ParlmeshError('HELP_INVALID', 'this node does not understand what you ask for');
    const { action, fault, subject, why } = request;
    const hand = this.#parts.hands[action];
    const symptom: Symptom = {
      ...{ fault, subject, confidence: 0.5, severity: 0.5, since: clock.wall(), cause: why },
      ...{ evidence: [`${origin} says so`], explains: [], context: {} },
    };
    const may = hand?.precondition(symptom) ?? `this node does no ${action} for others`;
    if (hand === undefined || may !== true) throw new ParlmeshError('HELP_REFUSED', String(may));
    const actor = { kind: 'peer', node: origin } as const;
    await authorizer.authorize({ action, actor, scope: 'node', nodes: [network.self], subject });
    const abort = new AbortController();
    return within(clock, DEADLINE, hand.carryOut(symptom, why, abort.signal), () => {
      abort.abort(new ParlmeshError('REPAIR_TIMED_OUT', 'it took too long'));
      return new ParlmeshError('REPAIR_TIMED_OUT', `${action} did not end within ${DEADLINE / 1000} s`);
    });
  }

  #rateOf(origin: string): TokenBucket {
    let rate = this.#rates.get(origin);
    if (rate === undefined) {
      rate = new TokenBucket(RATE.perSecond, RATE.burst, this.#parts.clock.now());
      if (this.#rates.size >= MOST_NEIGHBOURS) this.#rates.delete(this.#rates.keys().next().value!);
      this.#rates.set(origin, rate);
    }
    return rate;
  }
}

function decode<S extends typeof HelpRequest | typeof HelpReply>(
  schema: S,
  payload: Uint8Array,
): Static<S> | undefined {
  if (payload.byteLength > MOST_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
