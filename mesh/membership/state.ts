// What the mesh keeps across restarts, as named documents. The daemon keeps them as files, tests in memory.

import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';

export type DocumentName = 'credentials' | 'authority' | 'revocations' | 'peers' | 'sequence';

/** Storage handed to the mesh. `write` resolves once the document is safe; a crash leaves the old or the new one. */
export interface MeshState {
  read(name: DocumentName): Promise<unknown>;
  write(name: DocumentName, value: unknown): Promise<void>;
  /** Copies what only the network that is being left needs (credentials, authority) aside: nothing is lost by joining. */
  archive(networkId: string): Promise<void>;
}

/** Reads and checks one document; undefined when there is none. Throws `STATE_CORRUPT` when it is not as expected. */
export async function readDocument<S extends TSchema>(
  state: MeshState,
  name: DocumentName,
  schema: S,
): Promise<Static<S> | undefined> {
  const value = await state.read(name);
  if (value === undefined) return undefined;
  if (Value.Check(schema, value)) return value;
  const first = Value.Errors(schema, value)[0];
  throw new ParlmeshError(
    'STATE_CORRUPT',
    `The mesh's "${name}" document is broken${first === undefined ? '' : ` at "${first.instancePath || '/'}": ${first.message}`}`,
    { hint: `Restore network/${name}.json from a backup, or remove it to begin again` },
  );
}

export class MemoryState implements MeshState {
  readonly #documents = new Map<DocumentName, string>();

  async read(name: DocumentName): Promise<unknown> {
    const text = this.#documents.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async write(name: DocumentName, value: unknown): Promise<void> {
    this.#documents.set(name, JSON.stringify(value));
  }

  async archive(): Promise<void> {}
}

/** Where a node can be reached; what is remembered of peers and told to newcomers. */
export const KnownAddress = Type.Object({
  id: Type.String({ maxLength: 80 }),
  name: Type.String({ maxLength: 63 }),
  addresses: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 16 }),
});
export type KnownAddress = Static<typeof KnownAddress>;

/** The `peers` document: whom this node dials for ever. */
export const PeersDocument = Type.Object({
  format: Type.Literal(1),
  peers: Type.Array(KnownAddress, { maxItems: 256 }),
});
