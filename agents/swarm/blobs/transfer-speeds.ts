// How fast blobs travel between this node and each other one, as their transfers show. Pure.

import type { Millis } from '../../../core/clock.ts';

/** What is shorter tells of the round trip and of buffers on the way. */
const LEAST_BYTES = 256 * 1024;
/** Of a new transfer: four more and a change of the radio is known. */
const WEIGHT = 0.4;
const MOST_NODES = 1000;

export class TransferSpeeds {
  readonly #speeds = new Map<string, number>();

  /** A transfer to or from a node is over, or was cut. */
  record(node: string, bytes: number, elapsed: Millis): void {
    if (bytes < LEAST_BYTES) return;
    const speed = (bytes / Math.max(1, elapsed)) * 1000;
    const before = this.#speeds.get(node);
    this.#speeds.delete(node);
    this.#speeds.set(node, before === undefined ? speed : before + WEIGHT * (speed - before));
    if (this.#speeds.size > MOST_NODES) this.#speeds.delete(this.#speeds.keys().next().value!);
  }

  /** Bytes a second; undefined until it was measured. */
  of(node: string): number | undefined {
    return this.#speeds.get(node);
  }

  all(): [node: string, bytesPerSecond: number][] {
    return [...this.#speeds];
  }
}
