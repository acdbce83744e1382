// A node's side of secure aggregation (Bonawitz, Ivanov, Kreuter, Marcedone, McMahan, Patel, Ramage, Segal, Seth,
// "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017, figure 4, with the consistency check of
// the active adversary). Pure: state and message in, state and answer out.
//
//   advertised -> shared -> masked -> agreed -> done; any -> stopped, which answers nothing any more
//
// What it never does: mask twice under one set of keys, or give shares of both secrets of any node. The state holds secrets
// and is never written down: a node that restarts is one that vanished, and the others recover.

import type { SecretSource } from '../privacy/secret-numbers.ts';
import type { FederationKeys } from './federation-keys.ts';
import { digestOf } from './federation-keys.ts';
import { commitmentOf, drawGroups, groupDigest, seedOf } from './groups.ts';
import { type AgreementPair, agree, BOX_BYTES, boxUse, MASK_USE, newPair, openBox, sealBox } from './key-agreement.ts';
import { applyMask, bytesOfWords } from './masks.ts';
import {
  Agreement,
  agreedBody,
  Boxes,
  isSignedBy,
  Keys,
  kindOf,
  LEAST_GROUP,
  makeMessage,
  openMessage,
  Plan,
  Roster,
  type SecureMessage,
  Survivors,
  thresholdOf,
} from './messages.ts';
import { fieldSecret, shareSecret } from './shamir.ts';

/** Why a node stopped taking part in a round. Bounded: it is the label of a metric. */
export const STOP_REASONS = [
  'malformed',
  'bad-signature',
  'digest-mismatch',
  'not-the-coordinator',
  'not-invited',
  'bad-draw',
  'bad-keys',
  'group-too-small',
  'too-few',
  'bad-input',
  'out-of-order',
  'contradiction',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

interface Member {
  node: string;
  encryption: Uint8Array;
  masking: Uint8Array;
  weight: number;
}

interface Advertised {
  plan: Plan;
  planDigest: string;
  encryption: AgreementPair;
  masking: AgreementPair;
  nonce: string;
  weight: number;
  /** Answers given, by the kind of what they answer: a repeated question gets the very same answer. */
  given: ReadonlyMap<string, { question: string; answer: SecureMessage }>;
}

interface InGroup extends Advertised {
  group: string;
  members: readonly Member[];
  /** Own place among them. */
  self: number;
  seed: Uint8Array;
  /** Own shares of own secrets. */
  ownShares: { maskingShare: Uint8Array; seedShare: Uint8Array };
}

interface Masking extends InGroup {
  /** Members whose boxes came, with their shares; and itself. */
  shares: ReadonlyMap<number, { maskingShare: Uint8Array; seedShare: Uint8Array }>;
}

export type ClientState =
  | ({ kind: 'advertised' } & Advertised)
  | ({ kind: 'shared' } & InGroup)
  | ({ kind: 'masked' } & Masking)
  | ({ kind: 'agreed'; survivors: readonly number[] } & Masking)
  | { kind: 'done'; given: Advertised['given'] }
  | { kind: 'stopped'; reason: StopReason };

export interface ClientParts {
  keys: FederationKeys;
  secrets: SecretSource;
  /** Fewest members of a sum: `smallestGroup` of the privacy settings. */
  smallestGroup: number;
  /**
   * The protected update on the grid of `plan.clip`, `plan.size` numbers, already times weight / 1000. Called once, when
   * the members of the group are known, since a part of the noise depends on their number.
   */
  input(plan: Plan, groupSize: number): Int32Array;
}

/** What a node says when it asks to take part in a round that may be secure. Keep the nonce for `advertise`. */
export function newNonce(secrets: SecretSource): { nonce: string; commitment: string } {
  const nonce = Buffer.from(secrets(32)).toString('base64');
  return { nonce, commitment: commitmentOf(nonce) };
}

export type ClientStep = { state: ClientState; answer?: SecureMessage };

/** The plan's answer: new keys, the nonce, and the weight (1 … 1000) that the update will have in the sum. */
export function advertise(
  parts: ClientParts,
  message: SecureMessage,
  coordinator: string,
  mine: { nonce: string; weight: number },
): ClientStep {
  const opened = openMessage(parts.keys, Plan, message);
  if (typeof opened === 'string') return stop(opened);
  const plan = opened.body;
  if (plan.node !== coordinator) return stop('not-the-coordinator');
  if (plan.groupSize < parts.smallestGroup) return stop('group-too-small');
  const invitations = plan.invited.filter(({ node }) => node === parts.keys.self);
  if (invitations.length !== 1 || invitations[0]!.commitment !== commitmentOf(mine.nonce)) return stop('not-invited');
  if (plan.invited.some(({ node }, at) => at > 0 && plan.invited[at - 1]!.node >= node)) return stop('malformed');
  const planDigest = digestOf(message.signed.body);
  const encryption = newPair(parts.secrets);
  const masking = newPair(parts.secrets);
  const answer = makeMessage(parts.keys, {
    kind: 'keys',
    node: parts.keys.self,
    plan: planDigest,
    encryption: base64(encryption.publicKey),
    masking: base64(masking.publicKey),
    ...mine,
  });
  const given = new Map([['plan', { question: planDigest, answer }]]);
  return { state: { kind: 'advertised', plan, planDigest, encryption, masking, ...mine, given }, answer };
}

/**
 * The answer to what the coordinator says next. A repeated message gets the answer that it got; another one in its place is
 * a contradiction, after which the node says nothing more. Throws only what `parts.input` throws.
 */
export function answerCoordinator(state: ClientState, message: SecureMessage, parts: ClientParts): ClientStep {
  if (state.kind === 'stopped') return { state };
  const kind = kindOf(message)?.kind;
  if (kind === undefined) return stop('malformed');
  const question = digestOf(message.signed.body);
  const given = state.given.get(kind);
  if (given !== undefined) return given.question === question ? { state, answer: given.answer } : stop('contradiction');
  const step = next(state, kind, message, parts);
  if (step.answer === undefined || step.state.kind === 'stopped') return step;
  const answers = new Map([...state.given, [kind, { question, answer: step.answer }]]);
  return { state: { ...step.state, given: answers }, answer: step.answer };
}

function next(
  state: Exclude<ClientState, { kind: 'stopped' }>,
  kind: string,
  message: SecureMessage,
  parts: ClientParts,
): ClientStep {
  if (state.kind === 'advertised' && kind === 'roster') return share(state, message, parts);
  if (state.kind === 'shared' && kind === 'boxes') return mask(state, message, parts);
  if (state.kind === 'masked' && kind === 'survivors') return agreeOn(state, message, parts);
  if (state.kind === 'agreed' && kind === 'agreement') return unmask(state, message, parts);
  return stop('out-of-order');
}

/** advertised -> shared: checks the draw and the keys, shares both secrets out. */
function share(state: Advertised, message: SecureMessage, parts: ClientParts): ClientStep {
  const opened = openMessage(parts.keys, Roster, message);
  if (typeof opened === 'string') return stop(opened);
  const { node, plan: planDigest, number, nonces, members: statements } = opened.body;
  const { plan } = state;
  if (node !== plan.node || planDigest !== state.planDigest) return stop('not-the-coordinator');
  const seed = seedOf(plan, planDigest, nonces);
  const drawn = seed && drawGroups(plan, seed, nonces)[number];
  if (drawn === undefined || drawn.length !== statements.length) return stop('bad-draw');
  if (drawn.length < Math.max(parts.smallestGroup, LEAST_GROUP)) return stop('group-too-small');
  const members: Member[] = [];
  for (const [at, statement] of statements.entries()) {
    const told = openMessage(parts.keys, Keys, { signed: statement, data: NOTHING });
    if (typeof told === 'string') return stop(told);
    const { body } = told;
    if (body.plan !== planDigest) return stop('bad-keys');
    if (plan.invited[drawn[at]!]!.node !== body.node || body.nonce !== nonces[drawn[at]!]) return stop('bad-draw');
    members.push({
      node: body.node,
      encryption: Buffer.from(body.encryption, 'base64'),
      masking: Buffer.from(body.masking, 'base64'),
      weight: body.weight,
    });
  }
  const self = members.findIndex((member) => member.node === parts.keys.self);
  const own = members[self];
  if (own === undefined) return stop('bad-draw');
  if (!sameBytes(own.masking, state.masking.publicKey) || !sameBytes(own.encryption, state.encryption.publicKey)) {
    return stop('bad-keys');
  }
  const publicKeys = members.flatMap(({ encryption, masking }) => [base64(encryption), base64(masking)]);
  if (new Set(publicKeys).size !== publicKeys.length) return stop('bad-keys');

  const bodies = statements.map(({ body }) => body);
  const group = groupDigest(planDigest, seed!, number, bodies);
  const threshold = thresholdOf(members.length);
  const maskSeed = fieldSecret(parts.secrets);
  const maskingShares = shareSecret(state.masking.secret, threshold, members.length, parts.secrets);
  const seedShares = shareSecret(maskSeed, threshold, members.length, parts.secrets);
  const boxes: Uint8Array[] = [];
  for (const [at, member] of members.entries()) {
    if (at === self) continue;
    const key = agree(state.encryption, member.encryption, group, boxUse(self, at));
    if (key === undefined) return stop('bad-keys');
    boxes.push(sealBox(key, maskingShares[at]!, seedShares[at]!));
  }
  const data = Buffer.concat(boxes);
  const body = { kind: 'shares', node: own.node, group, seal: digestOf(maskSeed), digest: digestOf(data) };
  const ownShares = { maskingShare: maskingShares[self]!, seedShare: seedShares[self]! };
  return {
    state: { ...state, kind: 'shared', group, members, self, seed: maskSeed, ownShares },
    answer: makeMessage(parts.keys, body, data),
  };
}

/** shared -> masked: opens the boxes, puts the masks of all who shared on the update. */
function mask(state: InGroup, message: SecureMessage, parts: ClientParts): ClientStep {
  const opened = openMessage(parts.keys, Boxes, message);
  if (typeof opened === 'string') return stop(opened);
  const { node, group, to, senders } = opened.body;
  const { members, self, plan } = state;
  if (node !== plan.node || group !== state.group || to !== parts.keys.self) return stop('not-the-coordinator');
  if (!isAscending(senders, members.length) || senders.includes(self)) return stop('malformed');
  if (message.data.length !== senders.length * BOX_BYTES) return stop('malformed');
  if (senders.length + 1 < Math.max(thresholdOf(members.length), parts.smallestGroup)) return stop('too-few');
  const shares = new Map([[self, state.ownShares]]);
  for (const [at, sender] of senders.entries()) {
    const key = agree(state.encryption, members[sender]!.encryption, group, boxUse(sender, self));
    const box = key && openBox(key, message.data.subarray(at * BOX_BYTES, (at + 1) * BOX_BYTES));
    if (box === undefined) return stop('bad-keys');
    shares.set(sender, box);
  }
  const input = parts.input(plan, members.length);
  if (input.length !== plan.size) return stop('bad-input');
  const vector = new Uint32Array(input);
  for (const sender of senders) {
    const key = agree(state.masking, members[sender]!.masking, group, MASK_USE);
    if (key === undefined) return stop('bad-keys');
    applyMask(vector, key, self < sender ? 1 : -1);
  }
  applyMask(vector, state.seed, 1);
  const data = bytesOfWords(vector);
  const body = { kind: 'masked', node: parts.keys.self, group, digest: digestOf(data) };
  return { state: { ...state, kind: 'masked', shares }, answer: makeMessage(parts.keys, body, data) };
}

/** masked -> agreed: signs which masked updates are there. Once: there is no second list. */
function agreeOn(state: Masking, message: SecureMessage, parts: ClientParts): ClientStep {
  const opened = openMessage(parts.keys, Survivors, message);
  if (typeof opened === 'string') return stop(opened);
  const { node, group, survivors } = opened.body;
  if (node !== state.plan.node || group !== state.group) return stop('not-the-coordinator');
  if (!isAscending(survivors, state.members.length)) return stop('malformed');
  if (!survivors.includes(state.self) || survivors.some((member) => !state.shares.has(member)))
    return stop('malformed');
  if (survivors.length < Math.max(thresholdOf(state.members.length), parts.smallestGroup)) return stop('too-few');
  return {
    state: { ...state, kind: 'agreed', survivors },
    answer: makeMessage(parts.keys, agreedBody(parts.keys.self, group, survivors)),
  };
}

/** agreed -> done: once enough members signed the same list, one share of each: the seed's of those on it, else the key's. */
function unmask(
  state: Masking & { survivors: readonly number[] },
  message: SecureMessage,
  parts: ClientParts,
): ClientStep {
  const opened = openMessage(parts.keys, Agreement, message);
  if (typeof opened === 'string') return stop(opened);
  const { node, group, agreed } = opened.body;
  const { members, survivors, plan } = state;
  if (node !== plan.node || group !== state.group) return stop('not-the-coordinator');
  if (
    !isAscending(
      agreed.map(({ member }) => member),
      members.length,
    )
  )
    return stop('malformed');
  if (agreed.length < thresholdOf(members.length)) return stop('too-few');
  for (const { member, signature } of agreed) {
    const body = JSON.stringify(agreedBody(members[member]!.node, group, survivors));
    const isSigned = survivors.includes(member) && isSignedBy(parts.keys, members[member]!.node, { body, signature });
    if (!isSigned) return stop('bad-signature');
  }
  const order = [...state.shares.keys()].sort((a, b) => a - b);
  const data = Buffer.concat(
    order.map((member) => {
      const shares = state.shares.get(member)!;
      return survivors.includes(member) ? shares.seedShare : shares.maskingShare;
    }),
  );
  const body = { kind: 'unmask', node: parts.keys.self, group, digest: digestOf(data) };
  return { state: { kind: 'done', given: state.given }, answer: makeMessage(parts.keys, body, data) };
}

const stop = (reason: StopReason): ClientStep => ({ state: { kind: 'stopped', reason } });

const NOTHING = new Uint8Array(0);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Places of members, each once. */
const isAscending = (places: readonly number[], size: number): boolean =>
  places.every((place, at) => place < size && (at === 0 || places[at - 1]! < place));
