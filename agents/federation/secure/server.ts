// The coordinator's side of one group of secure aggregation (Bonawitz et al. 2017, figure 4). Pure: a message goes in by
// `takeMessage`; `closeStep`, at the deadline or once all have answered, goes on with those who did.
//
//   sharing -> masking -> agreeing -> unmasking -> summed; any -> failed, when fewer than the threshold are left
//
// Everything follows from the messages: a coordinator that was killed feeds the stored ones in again.

import type { FederationKeys } from './federation-keys.ts';
import { digestOf } from './federation-keys.ts';
import type { FailReason, GroupState, MessageRefusal, ToNode } from './group-state.ts';
import { BOX_BYTES } from './key-agreement.ts';
import { addWords, wordsOf } from './masks.ts';
import {
  Agreed,
  agreedBody,
  kindOf,
  Masked,
  makeMessage,
  openMessage,
  type SecureMessage,
  Shares,
  Unmask,
} from './messages.ts';
import { SECRET_BYTES } from './shamir.ts';
import { unmaskSum } from './unmasking.ts';

export interface Taken {
  state: GroupState;
  /** The message changed nothing, and why. */
  refused?: MessageRefusal;
}

/** Never throws. */
export function takeMessage(
  state: GroupState,
  verifier: Pick<FederationKeys, 'verify'>,
  message: SecureMessage,
): Taken {
  const said = kindOf(message);
  if (said === undefined) return { state, refused: 'malformed' };
  const member = state.members.findIndex(({ node }) => node === said.node);
  if (member < 0) return { state, refused: 'stranger' };
  switch (state.kind) {
    case 'sharing':
      return said.kind === 'shares' ? takeShares(state, verifier, member, message) : otherStep(state);
    case 'masking':
      return said.kind === 'masked' ? takeMasked(state, verifier, member, message) : otherStep(state);
    case 'agreeing':
      return said.kind === 'agreed' ? takeAgreed(state, verifier, member, message) : otherStep(state);
    case 'unmasking':
      return said.kind === 'unmask' ? takeUnmask(state, verifier, member, message) : otherStep(state);
    default:
      return otherStep(state);
  }
}

/**
 * Goes on with those who answered, and says what to send to whom. Closing `unmasking` computes up to
 * n²/4 masks (in the worst case of drop-outs): call it in a worker thread where groups are large.
 */
export function closeStep(state: GroupState, keys: FederationKeys): { state: GroupState; send: ToNode[] } {
  switch (state.kind) {
    case 'sharing':
      return closeSharing(state, keys);
    case 'masking':
      return closeMasking(state, keys);
    case 'agreeing':
      return closeAgreeing(state, keys);
    case 'unmasking':
      return { state: closeUnmasking(state), send: [] };
    default:
      return { state, send: [] };
  }
}

type In<K extends GroupState['kind']> = Extract<GroupState, { kind: K }>;

function takeShares(
  state: In<'sharing'>,
  verifier: Pick<FederationKeys, 'verify'>,
  member: number,
  message: SecureMessage,
): Taken {
  const opened = openMessage(verifier, Shares, message);
  if (typeof opened === 'string') return { state, refused: opened };
  if (opened.body.group !== state.group) return { state, refused: 'wrong-round' };
  if (message.data.length !== (state.members.length - 1) * BOX_BYTES) return { state, refused: 'wrong-length' };
  const earlier = state.shared.get(member);
  if (earlier !== undefined) return { state, refused: repeat(Buffer.compare(earlier.boxes, message.data) === 0) };
  const mine = { seal: opened.body.seal, boxes: message.data };
  return { state: { ...state, shared: new Map([...state.shared, [member, mine]]) } };
}

function takeMasked(
  state: In<'masking'>,
  verifier: Pick<FederationKeys, 'verify'>,
  member: number,
  message: SecureMessage,
): Taken {
  const opened = openMessage(verifier, Masked, message);
  if (typeof opened === 'string') return { state, refused: opened };
  if (opened.body.group !== state.group) return { state, refused: 'wrong-round' };
  if (!state.shared.has(member)) return { state, refused: 'wrong-step' };
  if (message.data.length !== 4 * state.plan.size) return { state, refused: 'wrong-length' };
  if (state.masked.has(member)) return { state, refused: 'duplicate' };
  const sum = state.sum.slice();
  addWords(sum, wordsOf(message.data));
  return { state: { ...state, masked: new Set([...state.masked, member]), sum } };
}

function takeAgreed(
  state: In<'agreeing'>,
  verifier: Pick<FederationKeys, 'verify'>,
  member: number,
  message: SecureMessage,
): Taken {
  const opened = openMessage(verifier, Agreed, message);
  if (typeof opened === 'string') return { state, refused: opened };
  if (opened.body.group !== state.group) return { state, refused: 'wrong-round' };
  if (!state.survivors.includes(member)) return { state, refused: 'wrong-step' };
  // Text for text: the others verify the signature over their own writing of it.
  const expected = JSON.stringify(agreedBody(opened.body.node, state.group, state.survivors));
  if (message.signed.body !== expected) return { state, refused: 'other-survivors' };
  if (state.agreed.has(member)) return { state, refused: 'duplicate' };
  return { state: { ...state, agreed: new Map([...state.agreed, [member, message.signed.signature]]) } };
}

function takeUnmask(
  state: In<'unmasking'>,
  verifier: Pick<FederationKeys, 'verify'>,
  member: number,
  message: SecureMessage,
): Taken {
  const opened = openMessage(verifier, Unmask, message);
  if (typeof opened === 'string') return { state, refused: opened };
  if (opened.body.group !== state.group) return { state, refused: 'wrong-round' };
  if (!state.agreed.includes(member)) return { state, refused: 'wrong-step' };
  if (message.data.length !== state.shared.size * SECRET_BYTES) return { state, refused: 'wrong-length' };
  const earlier = state.given.get(member);
  if (earlier !== undefined) return { state, refused: repeat(Buffer.compare(earlier, message.data) === 0) };
  return { state: { ...state, given: new Map([...state.given, [member, message.data]]) } };
}

/** sharing -> masking: each who shared gets its box of each other one who did. */
function closeSharing(state: In<'sharing'>, keys: FederationKeys): { state: GroupState; send: ToNode[] } {
  const { kind: _, ...group } = state;
  if (state.shared.size < state.threshold) return failed(state, 'too-few-shared', state.shared.size);
  const sharers = [...state.shared.keys()].sort((a, b) => a - b);
  const send = sharers.map((member) => {
    const senders = sharers.filter((other) => other !== member);
    const data = Buffer.concat(
      senders.map((sender) => {
        // A sender has no box for itself: those for later members are one place earlier.
        const at = member < sender ? member : member - 1;
        return state.shared.get(sender)!.boxes.subarray(at * BOX_BYTES, (at + 1) * BOX_BYTES);
      }),
    );
    const to = state.members[member]!.node;
    const body = { kind: 'boxes', node: keys.self, group: state.group, to, senders, digest: digestOf(data) };
    return { node: to, message: makeMessage(keys, body, data) };
  });
  return {
    state: { ...group, kind: 'masking', masked: new Set(), sum: new Uint32Array(state.plan.size) },
    send,
  };
}

/** masking -> agreeing: from here on, a masked update that comes late stays out. */
function closeMasking(state: In<'masking'>, keys: FederationKeys): { state: GroupState; send: ToNode[] } {
  const { kind: _, masked, ...group } = state;
  if (masked.size < state.threshold) return failed(state, 'too-few-masked', masked.size);
  const survivors = [...masked].sort((a, b) => a - b);
  const message = makeMessage(keys, { kind: 'survivors', node: keys.self, group: state.group, survivors });
  return {
    state: { ...group, kind: 'agreeing', survivors, agreed: new Map() },
    send: survivors.map((member) => ({ node: state.members[member]!.node, message })),
  };
}

/** agreeing -> unmasking */
function closeAgreeing(state: In<'agreeing'>, keys: FederationKeys): { state: GroupState; send: ToNode[] } {
  const { kind: _, agreed: signatures, ...group } = state;
  if (signatures.size < state.threshold) return failed(state, 'too-few-agreed', signatures.size);
  const agreed = [...signatures.keys()].sort((a, b) => a - b);
  const message = makeMessage(keys, {
    kind: 'agreement',
    node: keys.self,
    group: state.group,
    agreed: agreed.map((member) => ({ member, signature: signatures.get(member)! })),
  });
  return {
    state: { ...group, kind: 'unmasking', agreed, given: new Map() },
    send: agreed.map((member) => ({ node: state.members[member]!.node, message })),
  };
}

/** unmasking -> summed */
function closeUnmasking(state: In<'unmasking'>): GroupState {
  const { plan, number, group, members, threshold } = state;
  if (state.given.size < threshold) return failed(state, 'too-few-unmasked', state.given.size).state;
  const result = unmaskSum(state);
  if (typeof result !== 'string') return { kind: 'summed', plan, number, group, members, threshold, result };
  return {
    kind: 'failed',
    plan,
    number,
    group,
    members,
    threshold,
    reason: 'bad-shares',
    sentence: `Group ${number}: ${result}`,
  };
}

function failed(state: GroupState, reason: FailReason, left: number): { state: GroupState; send: ToNode[] } {
  const { plan, number, group, members, threshold } = state;
  const sentence = `Group ${number} has no sum: ${left} of ${members.length} nodes were left, and ${threshold} are needed (${reason})`;
  return { state: { kind: 'failed', plan, number, group, members, threshold, reason, sentence }, send: [] };
}

const otherStep = (state: GroupState): Taken => ({ state, refused: 'wrong-step' });
const repeat = (same: boolean): MessageRefusal => (same ? 'duplicate' : 'contradiction');
