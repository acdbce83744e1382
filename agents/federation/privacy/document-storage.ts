// Where a node keeps what it has given away. `FederationStorage` of a coordinator has these two as well.

export interface DocumentStorage {
  document(name: string): Promise<string | undefined>;
  /** Resolves once it is on the disk, and rejects when it cannot be. */
  putDocument(name: string, value: string): Promise<void>;
}
