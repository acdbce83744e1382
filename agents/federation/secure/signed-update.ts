// What a node signs about an update that it sends, and whether such an update may count. What decides are rounds and terms,
// which the coordinator counts, never clocks: those of boards are off by days. Pure; nothing here throws.

import { type Static, Type } from 'typebox';
import { bodyOf, KeyId, makeSigned, type Signed, SignedOf } from '../../oracle/keys.ts';
import { LearnerName } from '../messages.ts';
import { digestOf, type FederationKeys } from './federation-keys.ts';

const Version = Type.String({ pattern: '^[0-9a-f]{16}$' });

export const UpdateStatement = Type.Object(
  {
    kind: Type.Literal('update'),
    network: Type.String({ minLength: 1, maxLength: 64 }),
    node: KeyId,
    learner: LearnerName,
    format: Type.Integer({ minimum: 0, maximum: 1e9 }),
    round: Type.Integer({ minimum: 1, maximum: 1e9 }),
    /** Of the coordinator that asked. */
    term: Type.Integer({ minimum: 0, maximum: 1e12 }),
    /** Version of the model that was trained from. */
    base: Version,
    examples: Type.Integer({ minimum: 1, maximum: 1e9 }),
    /** L2 norm of what the bytes hold, after clipping and noise. */
    norm: Type.Number({ minimum: 0, maximum: 1e9 }),
    bytes: Type.Integer({ minimum: 1, maximum: 32 * 1024 * 1024 }),
    /** SHA-256 of the bytes. */
    digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** What the node has given away with it; absent where nothing is proven. For people. */
    epsilonAfter: Type.Optional(Type.Number({ minimum: 0 })),
    /** Milliseconds since 1970 by the node's clock. For people: nothing is decided by it. */
    madeAt: Type.Number(),
  },
  { additionalProperties: false },
);
export type UpdateStatement = Static<typeof UpdateStatement>;

export const SignedUpdate = SignedOf(2000);

/** Bounded: it is the label of a metric. */
export const UPDATE_REFUSALS = [
  'malformed',
  'stranger',
  'bad-signature',
  'wrong-network',
  'wrong-learner',
  'wrong-format',
  'wrong-base',
  'stale-term',
  'future-term',
  'stale-round',
  'future-round',
  'not-invited',
  'too-large',
  'digest-mismatch',
  'too-long',
  'duplicate',
  'contradiction',
] as const;
export type UpdateRefusal = (typeof UPDATE_REFUSALS)[number];

export interface ExpectedUpdates {
  network: string;
  learner: string;
  format: number;
  round: number;
  term: number;
  base: string;
  /** Rounds that an update may be late; then any base that was trained from in one of them counts. */
  staleness?: { rounds: number; bases: ReadonlyMap<number, string> };
  mostBytes: number;
  /** Longest norm: what nodes clip to, with room for noise and packing; undefined: any. */
  mostNorm?: number;
  isMember(node: string): boolean;
  isInvited(node: string, round: number): boolean;
  /** The digest that came first from that node for that round. */
  digestOf(node: string, round: number): string | undefined;
}

export type UpdateVerdict =
  | { kind: 'counts'; statement: UpdateStatement; late: number }
  /** The same bytes once more: acknowledge, and count once. */
  | { kind: 'again'; statement: UpdateStatement }
  | { kind: 'refused'; reason: UpdateRefusal; evidence: string };

export function signUpdate(
  keys: FederationKeys,
  facts: Omit<UpdateStatement, 'kind' | 'node' | 'bytes' | 'digest'>,
  data: Uint8Array,
): Signed {
  const statement = { kind: 'update', node: keys.self, ...facts, bytes: data.length, digest: digestOf(data) };
  return makeSigned((body) => keys.sign('federation-update', body), statement);
}

/**
 * Cheap checks first: a stranger costs no signature, and what is too large no digest. What is not signed by whom it names is
 * evidence against nobody.
 */
export function verifyUpdate(
  verifier: Pick<FederationKeys, 'verify'>,
  signed: Signed,
  data: Uint8Array,
  expected: ExpectedUpdates,
): UpdateVerdict {
  const statement = signed.body.length > 2000 ? undefined : bodyOf(UpdateStatement, signed);
  if (statement === undefined) return refused('malformed', 'it is no statement about an update');
  const { node, round, term } = statement;
  if (!expected.isMember(node)) return refused('stranger', `${node} is no member of the network`);
  if (data.length > expected.mostBytes)
    return refused('too-large', `${data.length} bytes, at most ${expected.mostBytes}`);
  const signature = Buffer.from(signed.signature, 'base64');
  if (!verifier.verify('federation-update', node, Buffer.from(signed.body), signature)) {
    return refused('bad-signature', `it is not signed by ${node}`);
  }
  const wrong = differenceOf(statement, expected);
  if (wrong !== undefined) return wrong;
  if (!expected.isInvited(node, round))
    return refused('not-invited', `it was not asked to take part in round ${round}`);
  if (statement.bytes !== data.length || statement.digest !== digestOf(data)) {
    return refused('digest-mismatch', `${data.length} bytes that are not the ${statement.bytes} that were signed`);
  }
  if (expected.mostNorm !== undefined && statement.norm > expected.mostNorm) {
    return refused('too-long', `norm ${statement.norm}, at most ${expected.mostNorm}`);
  }
  const earlier = expected.digestOf(node, round);
  if (earlier === statement.digest) return { kind: 'again', statement };
  if (earlier !== undefined) {
    // Two signed statements for one round, of one term: proof that the node says different things.
    return refused(term === expected.term ? 'contradiction' : 'duplicate', `other bytes of it count in round ${round}`);
  }
  return { kind: 'counts', statement, late: expected.round - round };
}

function differenceOf(statement: UpdateStatement, expected: ExpectedUpdates): UpdateVerdict | undefined {
  const { network, learner, format, round, term, base } = statement;
  if (network !== expected.network) return refused('wrong-network', `it is of network ${network}`);
  if (learner !== expected.learner) return refused('wrong-learner', `it is of ${learner}, not ${expected.learner}`);
  if (format !== expected.format) return refused('wrong-format', `format ${format}, not ${expected.format}`);
  if (round > expected.round) return refused('future-round', `round ${round} has not begun, this is ${expected.round}`);
  const late = expected.round - round;
  if (late > (expected.staleness?.rounds ?? 0)) {
    return refused('stale-round', `round ${round} is over, this is ${expected.round}`);
  }
  if (term > expected.term) return refused('future-term', `term ${term}, this is ${expected.term}`);
  // A late update was asked for under whatever term its round had; one of this round, under this term.
  if (late === 0 && term < expected.term) return refused('stale-term', `term ${term}, this is ${expected.term}`);
  const trainedFrom = late === 0 ? expected.base : expected.staleness?.bases.get(round);
  if (base !== trainedFrom)
    return refused('wrong-base', `it was trained from ${base}, not ${trainedFrom ?? 'any known'}`);
  return undefined;
}

const refused = (reason: UpdateRefusal, evidence: string): UpdateVerdict => ({ kind: 'refused', reason, evidence });
