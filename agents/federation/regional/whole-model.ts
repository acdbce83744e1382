// A model fetched whole, so that what is not the model is noticed before anybody trains from it: by heads from the
// coordinator, by members from their head.

import type { AgentNetwork } from '../../network.ts';
import { frameOf, MOST_MODEL_BYTES, ModelPiece, readFrame, versionOf } from '../messages.ts';

/** Undefined for who does not have it, or has something else under its name. Never rejects. */
export async function fetchWhole(
  network: AgentNetwork,
  { node, service }: { node: string; service: string },
  learner: string,
  version: string,
): Promise<Uint8Array | undefined> {
  try {
    let whole: Uint8Array | undefined;
    for (let have = 0; whole === undefined || have < whole.length; ) {
      const asked = frameOf({ learner, version, offset: have });
      const read = readFrame(ModelPiece, await network.request(node, service, asked));
      if (read === undefined || read.bytes.length === 0 || read.header.total > MOST_MODEL_BYTES) return undefined;
      whole ??= new Uint8Array(read.header.total);
      if (read.header.total !== whole.length || have + read.bytes.length > whole.length) return undefined;
      whole.set(read.bytes, have);
      have += read.bytes.length;
    }
    return versionOf(whole) === version ? whole : undefined;
  } catch {
    return undefined;
  }
}

/** The newest few models, each fetched once however many ask at the same time. */
export class ModelShelf {
  readonly #fetch: (learner: string, version: string) => Promise<Uint8Array | undefined>;
  readonly #models = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(fetch: (learner: string, version: string) => Promise<Uint8Array | undefined>) {
    this.#fetch = fetch;
  }

  async get(learner: string, version: string): Promise<Uint8Array | undefined> {
    const key = `${learner}/${version}`;
    const fetching = this.#models.get(key) ?? this.#fetch(learner, version);
    this.#models.set(key, fetching);
    for (const known of this.#models.keys()) if (this.#models.size > KEPT) this.#models.delete(known);
    const bytes = await fetching;
    // The next who asks tries again.
    if (bytes === undefined && this.#models.get(key) === fetching) this.#models.delete(key);
    return bytes;
  }
}

const KEPT = 2;
