// A policy as it is stored, signed and passed on: which numbers, of what shape, and where they come from. What is read is
// checked whole before anything uses it.

import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import { PAIR_WIDTH, STATE_WIDTH } from './observation.ts';
import { type PolicyShape, parameterCount } from './ppo/shape.ts';

/** The actor scores pairs of task and worker; the critic values the state. */
export const POLICY_SHAPE: PolicyShape = { actor: [PAIR_WIDTH, 32, 32, 1], critic: [STATE_WIDTH, 32, 32, 1] };

/** Changes whenever a number of an observation changes its meaning: older policies do not fit then. */
export const OBSERVATION_VERSION = 2;

/** No parameter of a sound policy comes near it. */
const LARGEST = 1e3;

/** How a policy came to be. */
export const Lineage = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('pretrained'),
      Type.Literal('trained'),
      Type.Literal('federated'),
      Type.Literal('imported'),
    ]),
    /** Version it was trained from. */
    parent: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
    /** The node that made it. */
    node: Type.Optional(Type.String({ maxLength: 128 })),
    /** Milliseconds since 1970. */
    madeAt: Type.Integer({ minimum: 0 }),
    decisions: Type.Integer({ minimum: 0, description: 'Decisions it was trained on.' }),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
);
export type Lineage = Static<typeof Lineage>;

export const PolicyDocument = Type.Object(
  {
    format: Type.Literal(1),
    observation: Type.Integer({ minimum: 1 }),
    actor: Type.Array(Type.Integer({ minimum: 1, maximum: 1024 }), { minItems: 2, maxItems: 8 }),
    critic: Type.Array(Type.Integer({ minimum: 1, maximum: 1024 }), { minItems: 2, maxItems: 8 }),
    lineage: Lineage,
    /** Float32, little-endian, base64: in the order of `layerPlaces`. */
    parameters: Type.String({ maxLength: 4_000_000 }),
    /** Ed25519 by `lineage.node` over `signedBytes`; the packaged policy has none, since the package is signed. */
    signature: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { additionalProperties: false },
);
export type PolicyDocument = Static<typeof PolicyDocument>;

export interface Policy {
  /** The first 16 hexadecimal digits of the SHA-256 of the parameters. */
  readonly version: string;
  readonly parameters: Float32Array;
  readonly lineage: Lineage;
}

export interface PolicySigner {
  readonly node: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Whether the node made that signature; false too for a node that is not known. */
export type PolicyVerifier = (node: string, bytes: Uint8Array, signature: Uint8Array) => boolean;

export function createPolicy(parameters: Float32Array, lineage: Lineage): Policy {
  return { version: versionOf(parameters), parameters, lineage };
}

export function encodePolicy({ parameters, lineage }: Policy, signer?: PolicySigner): PolicyDocument {
  const document: PolicyDocument = {
    format: 1,
    observation: OBSERVATION_VERSION,
    actor: [...POLICY_SHAPE.actor],
    critic: [...POLICY_SHAPE.critic],
    lineage: signer === undefined ? lineage : { ...lineage, node: signer.node },
    parameters: bytesOf(parameters).toString('base64'),
  };
  if (signer === undefined) return document;
  return { ...document, signature: Buffer.from(signer.sign(signedBytes(document))).toString('base64') };
}

/**
 * Checks all of it: the form, the shape, that each number is finite and of sane size, and the signature.
 * Throws `POLICY_INVALID`.
 * @param verify left out, the source is trusted: the packaged policy, this node's own store
 */
export function decodePolicy(document: unknown, verify?: PolicyVerifier): Policy {
  if (!Value.Check(PolicyDocument, document)) {
    const [problem] = Value.Errors(PolicyDocument, document);
    throw invalid(`${problem?.instancePath || '/'} ${problem?.message ?? 'is wrong'}`);
  }
  if (document.observation !== OBSERVATION_VERSION) {
    throw invalid(
      `it was made for observations of version ${document.observation}; this node makes version ${OBSERVATION_VERSION}`,
    );
  }
  for (const network of ['actor', 'critic'] as const) {
    const [found, expected] = [document[network].join('-'), POLICY_SHAPE[network].join('-')];
    if (found !== expected) throw invalid(`its ${network} has widths ${found}; this node needs ${expected}`);
  }
  if (verify !== undefined) {
    const { signature, lineage } = document;
    if (signature === undefined || lineage.node === undefined) throw invalid('it is not signed');
    if (!verify(lineage.node, signedBytes(document), Buffer.from(signature, 'base64'))) {
      throw invalid(`its signature is not one of ${lineage.node}, or that node is no member`);
    }
  }
  const bytes = Buffer.from(document.parameters, 'base64');
  const count = parameterCount(POLICY_SHAPE);
  if (bytes.length !== 4 * count) throw invalid(`it has ${bytes.length / 4} parameters; its shape needs ${count}`);
  const parameters = Float32Array.from({ length: count }, (_, index) => bytes.readFloatLE(4 * index));
  const wrong = parameters.findIndex((value) => !(Math.abs(value) <= LARGEST));
  if (wrong >= 0) throw invalid(`parameter ${wrong} is ${parameters[wrong]}`);
  return createPolicy(parameters, document.lineage);
}

function signedBytes({ signature: _, ...document }: PolicyDocument): Uint8Array {
  const { format, observation, actor, critic, lineage, parameters } = document;
  const { kind, parent = '', node = '', madeAt, decisions, note = '' } = lineage;
  const fields = [format, observation, actor, critic, kind, parent, node, madeAt, decisions, note, parameters];
  return Buffer.from(`parlmesh policy\n${JSON.stringify(fields)}`);
}

function versionOf(parameters: Float32Array): string {
  return createHash('sha256').update(bytesOf(parameters)).digest('hex').slice(0, 16);
}

function bytesOf(parameters: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 * parameters.length);
  for (const [index, value] of parameters.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes;
}

function invalid(why: string): ParlmeshError {
  return new ParlmeshError('POLICY_INVALID', `Not a policy for this node: ${why}`);
}
