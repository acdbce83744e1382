// The last seconds of a camera's pictures, in memory: bounded in time and bytes, the oldest go first. Pure.

export interface ClipFrame {
  jpeg: Uint8Array;
  /** Milliseconds since 1970. */
  at: number;
}

export class ClipRing {
  readonly #limits: { milliseconds: number; bytes: number };
  #frames: ClipFrame[] = [];
  #bytes = 0;

  constructor(limits: { milliseconds: number; bytes: number }) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(frame: ClipFrame): void {
    // A clock that was set anew makes what is older unusable.
    const newest = this.#frames.at(-1);
    if (newest !== undefined && frame.at <= newest.at) this.clear();
    this.#frames.push(frame);
    this.#bytes += frame.jpeg.byteLength;
    let gone = 0;
    while (
      gone < this.#frames.length - 1 &&
      (this.#bytes > this.#limits.bytes || this.#frames[gone]!.at < frame.at - this.#limits.milliseconds)
    ) {
      this.#bytes -= this.#frames[gone]!.jpeg.byteLength;
      gone += 1;
    }
    this.#frames = this.#frames.slice(gone);
  }

  /** Frames from `from` on, oldest first. */
  since(from: number): ClipFrame[] {
    return this.#frames.filter(({ at }) => at >= from);
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }
}
