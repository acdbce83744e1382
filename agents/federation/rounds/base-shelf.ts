// The models that rounds train from, as they travel: the newest few, by version.

export class BaseShelf {
  readonly #most: () => number;
  readonly #bases = new Map<string, Uint8Array>();

  /** @param most how many are kept */
  constructor(most: () => number) {
    this.#most = most;
  }

  put(version: string, bytes: Uint8Array): void {
    this.#bases.delete(version);
    this.#bases.set(version, bytes);
    for (const known of this.#bases.keys()) {
      if (this.#bases.size <= this.#most()) break;
      this.#bases.delete(known);
    }
  }

  get(version: string): Uint8Array | undefined {
    return this.#bases.get(version);
  }
}
