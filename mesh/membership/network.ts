// A network as one of its nodes holds it: name, pre-shared key, authority, and this node's certificate in it.

import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { type Certificate, checkCertificate, issueCertificate } from './certificate.ts';
import { PublicKey, SigningKey } from './keys.ts';
import { MOST_KEYS, type NetworkKey, type NetworkKeys } from './network-keys.ts';

export const NETWORK_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
export const NETWORK_NAME = new RegExp(NETWORK_NAME_PATTERN);
const Base64 = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$' });

/** The `credentials` document. */
export const CredentialsDocument = Type.Object({
  format: Type.Literal(1),
  network: Type.Object({
    id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    name: Type.String({ pattern: NETWORK_NAME_PATTERN }),
  }),
  /** The newest one. */
  networkKey: Base64(44),
  /** Left out before the first rotation. */
  keyNumber: Type.Optional(Type.Integer({ minimum: 0 })),
  keySince: Type.Optional(Type.Number()),
  /** Those that still let members in. */
  formerKeys: Type.Optional(
    Type.Array(
      Type.Object({
        key: Base64(44),
        number: Type.Integer({ minimum: 0 }),
        since: Type.Number(),
        until: Type.Number(),
      }),
      { maxItems: MOST_KEYS },
    ),
  ),
  authorityPublicKey: Base64(44),
  /** PEM; only on the node that holds the authority. */
  authorityPrivateKey: Type.Optional(Type.String({ maxLength: 500 })),
  certificate: Base64(800),
});
export type CredentialsDocument = Static<typeof CredentialsDocument>;

export interface Credentials {
  network: { id: string; name: string };
  /** Without one of them not even a handshake succeeds. */
  keys: NetworkKeys;
  authority: PublicKey;
  /** Present on the node that may let others in. */
  authorityKey: SigningKey | undefined;
  /** As it goes over the wire. */
  certificate: Uint8Array;
}

/** Certificates live this long: a lost board falls out by itself within a year. */
export const CERTIFICATE_LIFETIME: Millis = 365 * 24 * 3600_000;

/**
 * A new network with `node` as its first member and holder of its authority.
 * @param lifetime of its certificate
 */
export function createNetwork(
  name: string,
  node: SigningKey,
  nodeName: string,
  now: Millis,
  lifetime: Millis = CERTIFICATE_LIFETIME,
): Credentials {
  if (!NETWORK_NAME.test(name)) {
    throw new ParlmeshError('NETWORK_NAME_INVALID', `"${name}" cannot name a network`, {
      hint: 'Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
    });
  }
  const authorityKey = SigningKey.generate();
  const id = randomBytes(8).toString('hex');
  return {
    network: { id, name },
    keys: [{ number: 0, key: randomBytes(32), since: now }],
    authority: authorityKey.publicKey,
    authorityKey,
    certificate: issueCertificate(authorityKey, {
      network: id,
      node: node.publicKey,
      name: nodeName,
      issuedAt: now,
      expiresAt: now + lifetime,
      serial: randomBytes(8).toString('hex'),
    }),
  };
}

export function credentialsToDocument(credentials: Credentials): CredentialsDocument {
  const [newest, ...former] = credentials.keys;
  return {
    format: 1,
    network: credentials.network,
    networkKey: Buffer.from(newest.key).toString('base64'),
    keyNumber: newest.number,
    keySince: newest.since,
    formerKeys: former.map(({ key, number, since, until = 0 }) => {
      return { key: Buffer.from(key).toString('base64'), number, since, until };
    }),
    authorityPublicKey: Buffer.from(credentials.authority.raw).toString('base64'),
    ...(credentials.authorityKey && { authorityPrivateKey: credentials.authorityKey.toPem() }),
    certificate: Buffer.from(credentials.certificate).toString('base64'),
  };
}

/** Throws `CREDENTIALS_INVALID` when the document is not whole. */
export function credentialsFromDocument(document: CredentialsDocument): Credentials {
  try {
    const { networkKey, keyNumber = 0, keySince = 0, formerKeys = [] } = document;
    return {
      network: document.network,
      keys: [
        networkKeyOf({ key: networkKey, number: keyNumber, since: keySince }),
        ...formerKeys.map(({ until, ...former }) => ({ ...networkKeyOf(former), until })),
      ],
      authority: new PublicKey(Buffer.from(document.authorityPublicKey, 'base64')),
      authorityKey:
        document.authorityPrivateKey === undefined ? undefined : SigningKey.fromPem(document.authorityPrivateKey),
      certificate: Buffer.from(document.certificate, 'base64'),
    };
  } catch (cause) {
    throw new ParlmeshError('CREDENTIALS_INVALID', 'The network credentials are broken', {
      cause,
      hint: 'Restore network/credentials.json from a backup, or remove it and join the network again',
    });
  }
}

function networkKeyOf({ key: text, number, since }: { key: string; number: number; since: Millis }): NetworkKey {
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32) throw new ParlmeshError('KEY_INVALID', 'a network key has not 32 bytes');
  return { number, key, since };
}

/**
 * This node's own certificate, checked; also one that has expired, since it may be renewed. Throws a coded error that
 * says what to do when it is not of this network or this node.
 */
export function ownCertificate(credentials: Credentials, node: SigningKey, now: Millis): Certificate {
  const checked = checkCertificate(
    credentials.certificate,
    { id: credentials.network.id, authority: credentials.authority },
    now,
  );
  const where = `network "${credentials.network.name}"`;
  if (!checked.ok && checked.fault !== 'expired') {
    throw new ParlmeshError(
      'CERTIFICATE_INVALID',
      `This node's certificate in ${where} does not serve: ${checked.fault}`,
      { hint: 'Restore the network folder from a backup, or ask for an invite and run: parlmesh network join TOKEN' },
    );
  }
  if (checked.certificate.node !== node.nodeId) {
    throw new ParlmeshError('CERTIFICATE_FOREIGN', `The certificate in ${where} belongs to another node's key`, {
      hint: 'The identity folder and the network folder belong together: restore both, or join the network again',
    });
  }
  return checked.certificate;
}
