// Policies on disk: the one that comes with the package, and those that people train and pass on.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { decodePolicy, encodePolicy, type Policy } from './policy.ts';

/** Made by `bench/train-policy`. */
export const PRETRAINED = fileURLToPath(new URL('./policies/pretrained.json', import.meta.url));

const MOST_BYTES = 6_000_000;

/** Without asking who signed it. Throws `POLICY_UNREADABLE`, or `POLICY_INVALID` for what is no policy for this version. */
export async function readPolicyFile(file: string = PRETRAINED): Promise<Policy> {
  let document: unknown;
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, more than any policy`);
    document = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ParlmeshError('POLICY_UNREADABLE', `${file}: ${messageOf(error)}`);
  }
  try {
    return decodePolicy(document);
  } catch (error) {
    throw error instanceof ParlmeshError ? new ParlmeshError(error.code, `${file}: ${error.message}`) : error;
  }
}

export async function writePolicyFile(file: string, policy: Policy): Promise<void> {
  await writeFile(file, `${JSON.stringify(encodePolicy(policy), undefined, 2)}\n`);
}
