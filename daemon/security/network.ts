// What the mesh remembers, as JSON files in `<dataDir>/network/`: credentials, invites and members, peers, sequence.

import { join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { DocumentName, MeshState } from '../../mesh/membership/state.ts';
import { readPrivateFile, writePrivateFile } from './private-files.ts';

/** Documents that make up a membership; the others belong to the node. */
const OF_A_NETWORK: readonly DocumentName[] = ['credentials', 'authority', 'revocations'];

/** Writes of one document happen one after the other, in the order of the calls. */
export class NetworkFiles implements MeshState {
  readonly #folder: string;
  readonly #writing = new Map<DocumentName, Promise<void>>();

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'network');
  }

  /** Throws `STATE_CORRUPT` for what is not JSON. */
  async read(name: DocumentName): Promise<unknown> {
    const path = this.#path(name);
    const text = await readPrivateFile(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ParlmeshError('STATE_CORRUPT', `${path} is not JSON: ${messageOf(cause)}`, {
        cause,
        hint: 'Restore it from a backup, or remove it to begin again',
      });
    }
  }

  write(name: DocumentName, value: unknown): Promise<void> {
    const text = `${JSON.stringify(value, undefined, 2)}\n`;
    const before = this.#writing.get(name) ?? Promise.resolve();
    const written = before.catch(() => {}).then(() => writePrivateFile(this.#path(name), text));
    this.#writing.set(name, written);
    return written;
  }

  async archive(networkId: string): Promise<void> {
    for (const name of OF_A_NETWORK) {
      const text = await readPrivateFile(this.#path(name));
      if (text !== undefined) await writePrivateFile(join(this.#folder, 'former', networkId, `${name}.json`), text);
    }
  }

  #path(name: DocumentName): string {
    return join(this.#folder, `${name}.json`);
  }
}
