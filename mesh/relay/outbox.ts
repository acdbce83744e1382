// What waits for one neighbour: bounded, control before bulk, and no origin takes it all.

import type { NodeId } from '../membership/keys.ts';
import type { RelayFrame } from '../wire/generated/parlmesh_pb.ts';
import { frameBytes } from './frame.ts';

/** Bytes of frames that wait for one neighbour at most, per priority. */
export const OUTBOX_BYTES = { control: 128 * 1024, bulk: 2560 * 1024 } as const;
/**
 * Of that, what frames of one origin may hold: the others always find room. The window of a stream (1 MB, and what frames
 * add) fits, or each fast stream would lose pieces at every node that is slower than the one before.
 */
export const ORIGIN_SHARE = 0.5;

export interface Queued {
  frame: RelayFrame;
  /** The neighbour that it came from; undefined for our own. */
  from: NodeId | undefined;
}

interface Waiting extends Queued {
  bytes: number;
}

export class Outbox {
  readonly #queues = { control: [] as Waiting[], bulk: [] as Waiting[] };
  readonly #bytes = { control: 0, bulk: 0 };
  /** Bulk bytes by origin. */
  readonly #held = new Map<NodeId, number>();

  /** False when it is full, or full of this origin's frames. */
  add(frame: RelayFrame, from: NodeId | undefined): boolean {
    const priority = frame.control ? 'control' : 'bulk';
    const bytes = frameBytes(frame);
    if (this.#bytes[priority] + bytes > OUTBOX_BYTES[priority]) return false;
    if (priority === 'bulk') {
      const held = (this.#held.get(frame.origin) ?? 0) + bytes;
      if (held > OUTBOX_BYTES.bulk * ORIGIN_SHARE) return false;
      this.#held.set(frame.origin, held);
    }
    this.#queues[priority].push({ frame, from, bytes });
    this.#bytes[priority] += bytes;
    return true;
  }

  /**
   * Hands frames to `send`, control first, until it takes no more.
   * @param mayBulk asked before each bulk frame: they wait here, not in the medium, so that control passes them
   */
  flush(send: (frame: RelayFrame) => boolean, mayBulk: () => boolean): void {
    for (const priority of ['control', 'bulk'] as const) {
      const queue = this.#queues[priority];
      let sent = 0;
      while (sent < queue.length && (priority === 'control' || mayBulk()) && send(queue[sent]!.frame)) {
        this.#forget(priority, queue[sent]!);
        sent++;
      }
      queue.splice(0, sent);
      if (queue.length > 0 && priority === 'control') return;
    }
  }

  /** Empties it: what waited, in the order in which it would have gone. */
  takeAll(): Queued[] {
    const all = [...this.#queues.control, ...this.#queues.bulk];
    for (const priority of ['control', 'bulk'] as const) {
      this.#queues[priority].length = 0;
      this.#bytes[priority] = 0;
    }
    this.#held.clear();
    return all;
  }

  get frames(): number {
    return this.#queues.control.length + this.#queues.bulk.length;
  }

  get bytes(): number {
    return this.#bytes.control + this.#bytes.bulk;
  }

  #forget(priority: 'control' | 'bulk', { frame, bytes }: Waiting): void {
    this.#bytes[priority] -= bytes;
    if (priority === 'control') return;
    const held = (this.#held.get(frame.origin) ?? 0) - bytes;
    if (held > 0) this.#held.set(frame.origin, held);
    else this.#held.delete(frame.origin);
  }
}
