// This node's sequence numbers: every one is used once, also across restarts and crashes.

import { Type } from 'typebox';
import { type MeshState, readDocument } from '../membership/state.ts';

/** Where the numbers begin next time. */
export interface SequenceStore {
  load(): Promise<number>;
  /** Resolves when it is safe. */
  save(next: number): Promise<void>;
}

export function sequenceStore(state: MeshState): SequenceStore {
  const Document = Type.Object({ format: Type.Literal(1), next: Type.Integer({ minimum: 1 }) });
  return {
    load: async () => (await readDocument(state, 'sequence', Document))?.next ?? 1,
    save: (next) => state.write('sequence', { format: 1, next }),
  };
}

/** Numbers are reserved in blocks, so that the store is written once a block: a crash skips numbers, never repeats. */
const BLOCK = 4096;

export class SequenceNumbers {
  readonly #store: SequenceStore;
  #next: number;
  #reserved: number;
  #saving = false;

  private constructor(store: SequenceStore, next: number) {
    this.#store = store;
    this.#next = next;
    this.#reserved = next + BLOCK;
  }

  static async open(store: SequenceStore): Promise<SequenceNumbers> {
    const numbers = new SequenceNumbers(store, await store.load());
    await store.save(numbers.#reserved);
    return numbers;
  }

  next(): number {
    const sequence = this.#next++;
    if (this.#reserved - this.#next < BLOCK / 2) this.#reserve();
    return sequence;
  }

  /** The network remembers a higher number of ours (state was restored from a backup): goes on above it. */
  passed(sequence: number): void {
    if (sequence < this.#next) return;
    this.#next = sequence + 1;
    this.#reserve();
  }

  isOld(sequence: number): boolean {
    return sequence < this.#next;
  }

  #reserve(): void {
    if (this.#saving) return;
    this.#saving = true;
    const reserved = this.#next + BLOCK;
    this.#store
      .save(reserved)
      .then(() => {
        this.#reserved = reserved;
      })
      // The old reservation stands; the next number tries again.
      .catch(() => {})
      .finally(() => {
        this.#saving = false;
      });
  }
}
