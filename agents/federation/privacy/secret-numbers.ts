// Whole numbers without a bias from a cryptographic source, which is handed in: `randomBytes` of node:crypto in
// production, a seeded stream in tests. Whoever can guess them can take the noise off an update again.

/** Fresh bytes that nobody can guess. */
export type SecretSource = (bytes: number) => Uint8Array;

/** Bytes fetched at once: a call of the source costs more than the bytes. */
const POOL = 8192;
const TWO_32 = 0x1_0000_0000;
/** Exclusive: 21 high and 32 low bits. */
const TWO_53 = 0x20_0000_0000_0000;

export class SecretNumbers {
  readonly #source: SecretSource;
  #pool: DataView;
  #at: number;

  constructor(source: SecretSource) {
    this.#source = source;
    this.#pool = new DataView(new ArrayBuffer(0));
    this.#at = 0;
  }

  /** Uniform in 0 … bound − 1, for a whole `bound` of 1 … 2^53; by rejection, so without any bias. */
  below(bound: number): number {
    if (bound <= TWO_32) {
      const most = TWO_32 - (TWO_32 % bound);
      for (;;) {
        const drawn = this.#word();
        if (drawn < most) return drawn % bound;
      }
    }
    const most = TWO_53 - (TWO_53 % bound);
    for (;;) {
      const drawn = (this.#word() & 0x1f_ffff) * TWO_32 + this.#word();
      if (drawn < most) return drawn % bound;
    }
  }

  /** 0 or 1. */
  bit(): number {
    return this.#word() & 1;
  }

  #word(): number {
    if (this.#at + 4 > this.#pool.byteLength) {
      const bytes = this.#source(POOL);
      this.#pool = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#at = 0;
    }
    const word = this.#pool.getUint32(this.#at, true);
    this.#at += 4;
    return word;
  }
}
