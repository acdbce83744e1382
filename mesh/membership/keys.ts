// Ed25519 keys of nodes and of network authorities, and the node ids that follow from them.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PrivateKey as Libp2pPrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { ParlmeshError } from '../../core/errors.ts';

/** A libp2p peer id in base58: the node's Ed25519 public key, readable. */
export type NodeId = string;

/** What a signature is about. A signature made for one purpose never passes for another. */
export type SignatureDomain =
  | 'certificate'
  | 'envelope'
  | 'revocation'
  | 'relay'
  | 'renewal'
  | 'authority'
  | 'network-key'
  | 'weights'
  | 'capability'
  | 'order'
  | 'approval'
  | 'oracle'
  | 'audit'
  | 'policy'
  | 'federation-invitation'
  | 'federation-update'
  | 'federation-model'
  | 'secure-aggregation'
  | 'broker';

const domainPrefix: Record<SignatureDomain, Buffer> = {
  certificate: Buffer.from('parlmesh certificate 1\0'),
  envelope: Buffer.from('parlmesh envelope 1\0'),
  revocation: Buffer.from('parlmesh revocation 1\0'),
  relay: Buffer.from('parlmesh relay 1\0'),
  renewal: Buffer.from('parlmesh renewal 1\0'),
  authority: Buffer.from('parlmesh authority 1\0'),
  'network-key': Buffer.from('parlmesh network-key 1\0'),
  weights: Buffer.from('parlmesh weights 1\0'),
  capability: Buffer.from('parlmesh capability 1\0'),
  order: Buffer.from('parlmesh order 1\0'),
  approval: Buffer.from('parlmesh approval 1\0'),
  oracle: Buffer.from('parlmesh oracle 1\0'),
  audit: Buffer.from('parlmesh audit 1\0'),
  policy: Buffer.from('parlmesh policy 1\0'),
  'federation-invitation': Buffer.from('parlmesh federation-invitation 1\0'),
  'federation-update': Buffer.from('parlmesh federation-update 1\0'),
  'federation-model': Buffer.from('parlmesh federation-model 1\0'),
  'secure-aggregation': Buffer.from('parlmesh secure-aggregation 1\0'),
  broker: Buffer.from('parlmesh broker 1\0'),
};

const KEY_BYTES = 32;

/** Somebody's public key. */
export class PublicKey {
  /** 32 bytes. */
  readonly raw: Uint8Array;
  readonly #key: KeyObject;

  /** Throws `KEY_INVALID` for anything but 32 bytes. */
  constructor(raw: Uint8Array) {
    if (raw.length !== KEY_BYTES) {
      throw new ParlmeshError('KEY_INVALID', `A public key has ${KEY_BYTES} bytes, this one ${raw.length}`);
    }
    this.raw = Uint8Array.from(raw);
    this.#key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
      format: 'jwk',
    });
  }

  get nodeId(): NodeId {
    return nodeIdOf(this.raw);
  }

  verify(domain: SignatureDomain, body: Uint8Array, signature: Uint8Array): boolean {
    return verifyBytes(null, Buffer.concat([domainPrefix[domain], body]), this.#key, signature);
  }
}

/** A key pair of a node or of an authority. The private half leaves it only through `toPem` and `forLibp2p`. */
export class SigningKey {
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    const { x } = createPublicKey(key).export({ format: 'jwk' });
    this.publicKey = new PublicKey(Buffer.from(x ?? '', 'base64url'));
    this.#key = key;
  }

  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync('ed25519').privateKey);
  }

  /** Throws `KEY_INVALID` when `pem` is not a PKCS #8 Ed25519 private key. */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey({ key: pem, format: 'pem' });
    } catch (cause) {
      throw new ParlmeshError('KEY_INVALID', 'Not a private key in PEM form', { cause });
    }
    if (key.asymmetricKeyType !== 'ed25519') {
      throw new ParlmeshError('KEY_INVALID', `An Ed25519 key is needed, this one is ${key.asymmetricKeyType}`);
    }
    return new SigningKey(key);
  }

  toPem(): string {
    return this.#key.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  get nodeId(): NodeId {
    return this.publicKey.nodeId;
  }

  sign(domain: SignatureDomain, body: Uint8Array): Uint8Array {
    return signBytes(null, Buffer.concat([domainPrefix[domain], body]), this.#key);
  }

  forLibp2p(): Libp2pPrivateKey {
    const { d } = this.#key.export({ format: 'jwk' });
    return privateKeyFromRaw(Buffer.concat([Buffer.from(d ?? '', 'base64url'), this.publicKey.raw]));
  }
}

export function nodeIdOf(rawPublicKey: Uint8Array): NodeId {
  return peerIdFromPublicKey(publicKeyFromRaw(rawPublicKey)).toString();
}

/** The 32 bytes of the key that `id` stands for; undefined when it is no Ed25519 node id. Never throws. */
export function rawKeyOf(id: NodeId): Uint8Array | undefined {
  try {
    const peer = peerIdFromString(id);
    return peer.type === 'Ed25519' ? peer.publicKey.raw : undefined;
  } catch {
    return undefined;
  }
}
