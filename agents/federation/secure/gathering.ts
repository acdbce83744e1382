// The coordinator's side before there are groups: the plan goes out, keys and nonces come in, the draw follows. Pure.

import type { FederationKeys } from './federation-keys.ts';
import { digestOf } from './federation-keys.ts';
import type { GroupState, MessageRefusal, ToNode } from './group-state.ts';
import { commitmentOf, drawGroups, groupDigest, seedOf } from './groups.ts';
import { Keys, LEAST_GROUP, makeMessage, openMessage, type Plan, type SecureMessage, thresholdOf } from './messages.ts';

export interface Gathering {
  plan: Plan;
  planDigest: string;
  /** By node. */
  told: ReadonlyMap<string, { keys: Keys; message: SecureMessage }>;
}

/** The plan, signed, for all who are invited. Persist it: a plan made again is another round for the nodes. */
export function planGroups(
  keys: FederationKeys,
  plan: Omit<Plan, 'kind' | 'node'>,
): { gathering: Gathering; message: SecureMessage } {
  const invited = [...plan.invited].sort((a, b) => (a.node < b.node ? -1 : 1));
  const body: Plan = { kind: 'plan', node: keys.self, ...plan, invited };
  const message = makeMessage(keys, body);
  return { gathering: { plan: body, planDigest: digestOf(message.signed.body), told: new Map() }, message };
}

/** Takes the keys of a node. The first ones count: others in their place are a contradiction. Never throws. */
export function gatherKeys(
  gathering: Gathering,
  verifier: Pick<FederationKeys, 'verify'>,
  message: SecureMessage,
): { gathering: Gathering; refused?: MessageRefusal } {
  const opened = openMessage(verifier, Keys, message);
  if (typeof opened === 'string') return { gathering, refused: opened };
  const keys = opened.body;
  if (keys.plan !== gathering.planDigest) return { gathering, refused: 'wrong-round' };
  const invitation = gathering.plan.invited.find(({ node }) => node === keys.node);
  if (invitation === undefined) return { gathering, refused: 'stranger' };
  if (invitation.commitment !== commitmentOf(keys.nonce)) return { gathering, refused: 'bad-nonce' };
  const earlier = gathering.told.get(keys.node);
  if (earlier !== undefined) {
    return { gathering, refused: earlier.message.signed.body === message.signed.body ? 'duplicate' : 'contradiction' };
  }
  return { gathering: { ...gathering, told: new Map([...gathering.told, [keys.node, { keys, message }]]) } };
}

/**
 * Draws the groups from those who came, with what each is to be sent. No group when there are fewer than `LEAST_GROUP`.
 * Keys that two nodes share (one copied the other's) leave both out: their groups would refuse them.
 */
export function formGroups(gathering: Gathering, keys: FederationKeys): { groups: GroupState[]; send: ToNode[] } {
  const { plan, planDigest, told } = gathering;
  const uses = new Map<string, number>();
  for (const { keys: mine } of told.values()) {
    for (const key of [mine.encryption, mine.masking]) uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  const nonces = plan.invited.map(({ node }) => {
    const mine = told.get(node)?.keys;
    return mine !== undefined && uses.get(mine.encryption) === 1 && uses.get(mine.masking) === 1 ? mine.nonce : '';
  });
  const seed = seedOf(plan, planDigest, nonces);
  if (seed === undefined || nonces.filter((nonce) => nonce !== '').length < LEAST_GROUP)
    return { groups: [], send: [] };
  const groups: GroupState[] = [];
  const send: ToNode[] = [];
  for (const [number, places] of drawGroups(plan, seed, nonces).entries()) {
    const entries = places.map((place) => told.get(plan.invited[place]!.node)!);
    const statements = entries.map(({ message }) => message.signed);
    const members = entries.map(({ keys: mine }) => ({
      node: mine.node,
      masking: Buffer.from(mine.masking, 'base64'),
      weight: mine.weight,
    }));
    const digest = groupDigest(
      planDigest,
      seed,
      number,
      statements.map(({ body }) => body),
    );
    const message = makeMessage(keys, {
      kind: 'roster',
      node: keys.self,
      plan: planDigest,
      number,
      nonces,
      members: statements,
    });
    send.push(...members.map(({ node }) => ({ node, message })));
    groups.push({
      kind: 'sharing',
      plan,
      number,
      group: digest,
      members,
      threshold: thresholdOf(members.length),
      shared: new Map(),
    });
  }
  return { groups, send };
}
