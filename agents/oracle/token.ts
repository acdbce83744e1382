// Capability tokens: a chain of signed blocks. The first is signed by the network's authority, or by the node that it is
// valid on; each further one by the holder of the block before, and may only narrow it. Checked offline.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { type AgentCapabilities, Capability, isAttenuationOf } from '../capabilities.ts';
import { bodyOf, digestOf, isSignedBy, KeyId, makeSigned, type OracleKeys, type Signed, SignedOf } from './keys.ts';

/** Authority → node → agent, and one more hand. */
export const MOST_BLOCKS = 4;
const MOST_BODY = 6_000;
const MOST_CAPABILITIES = 16;
/** Nothing is given for longer: what was forgotten ends by itself. */
export const LONGEST_LIFE: Millis = 366 * 24 * 3600_000;

/** As in manifests, and `*`. */
export const TokenCapability = Type.Object(
  {
    ...Capability.properties,
    action: Type.String({ pattern: '^(\\*|[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*(\\.\\*)?)$', maxLength: 100 }),
  },
  { additionalProperties: false },
);

export const Holder = Type.Object(
  {
    node: KeyId,
    /** Left out: whoever acts on that node. */
    agent: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type Holder = Static<typeof Holder>;

const Block = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    network: Type.String({ maxLength: 64 }),
    issuer: KeyId,
    holder: Holder,
    capabilities: Type.Array(TokenCapability, { minItems: 1, maxItems: MOST_CAPABILITIES }),
    /** Milliseconds since 1970. */
    expiresAt: Type.Number(),
    /** SHA-256 of the body of the block before, hex. */
    parent: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  { additionalProperties: false },
);
type Block = Static<typeof Block>;

export const TokenChain = Type.Array(SignedOf(MOST_BODY), { minItems: 1, maxItems: MOST_BLOCKS });
export type TokenChain = Static<typeof TokenChain>;

export type TokenFault =
  | 'malformed'
  | 'other-network'
  | 'forged'
  | 'not-handed-on'
  | 'widened'
  | 'expired'
  | 'revoked'
  | 'not-root';

/** What a good chain says. */
export interface CheckedToken {
  holder: Holder;
  capabilities: AgentCapabilities;
  expiresAt: Millis;
  /** The authority's key, or the node on which alone the token is valid. */
  root: string;
  /** The blocks, first to last. */
  blocks: { id: string; issuer: string }[];
}
export type TokenCheck = { ok: true; token: CheckedToken } | { ok: false; fault: TokenFault };

export interface Grant {
  /** 32 random hex digits. */
  id: string;
  holder: Holder;
  capabilities: AgentCapabilities;
  expiresAt: Millis;
}

/** Identifies the whole chain: its last block, which names those before. */
export function tokenDigest(chain: TokenChain): string {
  return digestOf(chain.at(-1)?.body ?? '');
}

/**
 * A token that begins here. By the authority it counts on every node of the network; by a node itself, on that node.
 * Throws `CAPABILITY_INVALID` for what nobody would accept.
 */
export function issueToken(keys: OracleKeys, grant: Grant, by: 'authority' | 'self'): TokenChain {
  const network = requireNetwork(keys);
  const { signAsAuthority } = network;
  if (by === 'authority' && signAsAuthority === undefined) {
    throw new ParlmeshError(
      'NETWORK_NO_AUTHORITY',
      'Only the node that holds the authority can grant rights on others',
      {
        hint: 'Run it on the node where the network was created',
      },
    );
  }
  const issuer = by === 'authority' ? network.authority : keys.self;
  const sign = (body: Uint8Array): Uint8Array =>
    by === 'authority' && signAsAuthority ? signAsAuthority('capability', body) : keys.sign('capability', body);
  return [makeSigned(sign, blockOf({ ...grant, network: network.id, issuer }))];
}

/** The same rights or less, handed on by their holder. Throws `CAPABILITY_INVALID` when it would not be accepted. */
export function handOn(keys: OracleKeys, chain: TokenChain, grant: Grant): TokenChain {
  const last = chain.at(-1);
  const parent = last && bodyOf(Block, last);
  if (last === undefined || parent === undefined || parent.holder.node !== keys.self) {
    throw new ParlmeshError('CAPABILITY_INVALID', 'This node does not hold that token and cannot hand it on');
  }
  const block = blockOf({ ...grant, network: parent.network, issuer: keys.self, parent: digestOf(last.body) });
  if (!isAttenuationOf(block.capabilities, parent.capabilities) || block.expiresAt > parent.expiresAt) {
    throw new ParlmeshError('CAPABILITY_INVALID', 'A token can only be handed on with the same rights or less');
  }
  if (chain.length >= MOST_BLOCKS) {
    throw new ParlmeshError('CAPABILITY_INVALID', `A token can be handed on ${MOST_BLOCKS - 1} times at most`);
  }
  return [...chain, makeSigned((body) => keys.sign('capability', body), block)];
}

/**
 * Is that a token of this network whose every block is signed by the holder of the one before, narrows it, has not
 * ended, and was not revoked? Never throws.
 */
export function checkToken(
  keys: OracleKeys,
  chain: readonly Signed[],
  now: Millis,
  isRevoked: (id: string, issuers: readonly string[]) => boolean,
): TokenCheck {
  const network = keys.network();
  if (network === undefined || chain.length === 0 || chain.length > MOST_BLOCKS) return bad('malformed');
  let before: { block: Block; body: string } | undefined;
  const issuers: string[] = [];
  const ids: string[] = [];
  for (const signed of chain) {
    const block = bodyOf(Block, signed);
    if (block === undefined) return bad('malformed');
    if (block.network !== network.id) return bad('other-network');
    if (!isSignedBy(keys, 'capability', block.issuer, signed)) return bad('forged');
    const fault = before === undefined ? rootFault(block, network.authority) : handFault(block, before);
    if (fault !== undefined) return bad(fault);
    if (!(now < block.expiresAt) || block.expiresAt - now > LONGEST_LIFE) return bad('expired');
    issuers.push(block.issuer);
    ids.push(block.id);
    before = { block, body: signed.body };
  }
  if (ids.some((id, at) => isRevoked(id, issuers.slice(0, at + 1)))) return bad('revoked');
  const { holder, capabilities, expiresAt } = before!.block;
  const blocks = ids.map((id, at) => ({ id, issuer: issuers[at]! }));
  return { ok: true, token: { holder, capabilities, expiresAt, root: issuers[0]!, blocks } };
}

const bad = (fault: TokenFault): TokenCheck => ({ ok: false, fault });

/** What a node gives is for that node: it has nothing else to give. */
function rootFault(block: Block, authority: string): TokenFault | undefined {
  if (block.parent !== undefined) return 'not-root';
  if (block.issuer === authority) return undefined;
  return block.capabilities.every(({ scope }) => scope === 'node') ? undefined : 'not-root';
}

function handFault(block: Block, before: { block: Block; body: string }): TokenFault | undefined {
  if (block.parent !== digestOf(before.body) || block.issuer !== before.block.holder.node) return 'not-handed-on';
  // What an agent holds stays with its node.
  if (before.block.holder.agent !== undefined && block.holder.node !== before.block.holder.node) return 'not-handed-on';
  const narrows =
    isAttenuationOf(block.capabilities, before.block.capabilities) && block.expiresAt <= before.block.expiresAt;
  return narrows ? undefined : 'widened';
}

function blockOf(block: Block): Block {
  const { id, network, issuer, holder, capabilities, expiresAt, parent } = block;
  const made = { id, network, issuer, holder, capabilities, expiresAt, ...(parent !== undefined && { parent }) };
  if (!Value.Check(Block, made) || JSON.stringify(made).length > MOST_BODY) {
    throw new ParlmeshError('CAPABILITY_INVALID', 'That cannot be granted', {
      hint: 'Name actions like agent.restart or policy.*, at most 16 of them',
    });
  }
  return made;
}

function requireNetwork(keys: OracleKeys) {
  const network = keys.network();
  if (network === undefined) throw new ParlmeshError('MESH_NOT_RUNNING', 'This node is in no network');
  return network;
}
