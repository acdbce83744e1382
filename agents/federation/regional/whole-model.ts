// A model fetched whole, so that what is not the model is noticed before anybody trains from it: by heads from the
// coordinator, by members from their head. And what is served likewise, piece by piece.

import type { AgentNetwork } from '../../network.ts';
import { frameOf, ModelPiece, PIECE_BYTES, readFrame, versionOf } from '../messages.ts';

/** Undefined for who does not have it, or has something else under its name. Never rejects. */
export async function fetchWhole(
  network: AgentNetwork,
  { node, service }: { node: string; service: string },
  learner: string,
  version: string,
): Promise<Uint8Array | undefined> {
  try {
    const whole = await inPieces((offset) => network.request(node, service, frameOf({ learner, version, offset })));
    return whole !== undefined && versionOf(whole) === version ? whole : undefined;
  } catch {
    return undefined;
  }
}

/**
 * All bytes that `ask` gives, by `pieceOf`. Undefined for who does not have them. Rejects when `ask` does.
 * @param total how many they must be, where that is known
 */
export async function inPieces(
  ask: (offset: number) => Promise<Uint8Array>,
  total?: number,
): Promise<Uint8Array | undefined> {
  let whole: Uint8Array | undefined;
  for (let have = 0; whole === undefined || have < whole.length; ) {
    const read = readFrame(ModelPiece, await ask(have));
    if (read === undefined || read.bytes.length === 0) return undefined;
    whole ??= new Uint8Array(total ?? read.header.total);
    if (read.header.total !== whole.length || have + read.bytes.length > whole.length) return undefined;
    whole.set(read.bytes, have);
    have += read.bytes.length;
  }
  return whole;
}

/** A piece from `offset` on, as `inPieces` puts them together; of nothing, a total of 0. */
export function pieceOf(bytes: Uint8Array | undefined, offset: number): Uint8Array {
  return frameOf({ total: bytes?.length ?? 0 }, bytes?.subarray(offset, offset + PIECE_BYTES));
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
