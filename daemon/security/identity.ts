// The node's identity: an Ed25519 key in `<dataDir>/identity/node.key`, made at the first start.

import { join } from 'node:path';
import { ParlmeshError } from '../../core/errors.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { readPrivateFile, writePrivateFile } from './private-files.ts';

/** Throws `IDENTITY_CORRUPT` or `IDENTITY_UNREADABLE`. A broken identity is never replaced silently. */
export async function loadIdentity(dataDir: string): Promise<SigningKey> {
  const path = join(dataDir, 'identity', 'node.key');
  let pem: string | undefined;
  try {
    pem = await readPrivateFile(path);
  } catch (cause) {
    throw new ParlmeshError('IDENTITY_UNREADABLE', `${path} cannot be read`, {
      cause,
      hint: 'Give the file to the user that parlmesh runs as, mode 0600',
    });
  }
  if (pem === undefined) {
    const key = SigningKey.generate();
    await writePrivateFile(path, key.toPem());
    return key;
  }
  try {
    return SigningKey.fromPem(pem);
  } catch (cause) {
    throw new ParlmeshError('IDENTITY_CORRUPT', `${path} is not an Ed25519 private key`, {
      cause,
      hint: 'Restore it from a backup. If there is none, remove identity/ and network/: the node starts as a new one and must join its network again',
    });
  }
}
