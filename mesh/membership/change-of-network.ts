// Leaving one network for another so that a failure at any step leaves the node where it was.

import { type Credentials, credentialsToDocument } from './network.ts';
import type { KnownAddress, MeshState } from './state.ts';

/** Where the node is to be: what it shows there, and whom it dials first. */
export interface Destination {
  credentials: Credentials;
  peers: readonly KnownAddress[];
}

/**
 * The network that is left is kept aside. The credentials on disk are those of `left` until `enter` has resolved; when
 * it rejects, so does this, and nothing has changed on disk.
 */
export async function changeNetwork(
  state: MeshState,
  left: Credentials | undefined,
  { credentials, peers }: Destination,
  enter: (credentials: Credentials) => Promise<void>,
): Promise<void> {
  const before = await state.read('peers');
  if (left !== undefined) await state.archive(left.network.id);
  try {
    await state.write('peers', { format: 1, peers });
    await enter(credentials);
    await state.write('credentials', credentialsToDocument(credentials));
  } catch (error) {
    await state.write('peers', before ?? { format: 1, peers: [] });
    throw error;
  }
}
