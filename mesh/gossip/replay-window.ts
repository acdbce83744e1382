// Which sequence numbers of one origin were seen: a sliding window, as IPsec's (RFC 4303, section 3.4.3).

const WORD = 32;

export class ReplayWindow {
  readonly #size: number;
  readonly #bits: Uint32Array;
  #highest = 0;

  /** @param size numbers below the highest that can still be told apart; rounded up to 32 */
  constructor(size = 256) {
    const words = Math.ceil(size / WORD);
    this.#size = words * WORD;
    this.#bits = new Uint32Array(words);
  }

  /** `new`: not seen; `duplicate`: seen; `replay`: too old to tell. Changes nothing. */
  look(sequence: number): 'new' | 'duplicate' | 'replay' {
    if (sequence > this.#highest) return 'new';
    if (sequence <= this.#highest - this.#size) return 'replay';
    return this.#bit(sequence) ? 'duplicate' : 'new';
  }

  /** Marks as seen. Call it only for what is verified: else a forger could move the window. */
  mark(sequence: number): void {
    if (sequence > this.#highest) {
      if (sequence - this.#highest >= this.#size) this.#bits.fill(0);
      else for (let passed = this.#highest + 1; passed < sequence; passed++) this.#clear(passed);
      this.#highest = sequence;
    }
    const at = sequence % this.#size;
    const word = Math.floor(at / WORD);
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (at % WORD));
  }

  #bit(sequence: number): boolean {
    const at = sequence % this.#size;
    return (((this.#bits[Math.floor(at / WORD)] ?? 0) >>> (at % WORD)) & 1) === 1;
  }

  #clear(sequence: number): void {
    const at = sequence % this.#size;
    const word = Math.floor(at / WORD);
    this.#bits[word] = (this.#bits[word] ?? 0) & ~(1 << (at % WORD));
  }
}
