// Frames hop by hop: each goes to the next hop that the routes name now, through that neighbour's bounded outbox.

import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { NodeId } from '../membership/keys.ts';
import { forward, type Hop } from '../routing/forwarding.ts';
import type { NextHop } from '../routing/mesh-router.ts';
import type { RelayFrame } from '../wire/generated/parlmesh_pb.ts';
import { frameBytes, isSound, makeFrame, RELAY_DROP_REASONS, type RelayDropReason } from './frame.ts';
import { Outbox } from './outbox.ts';

export interface ForwarderParts {
  self: NodeId;
  clock: Clock;
  /** To a neighbour; false when it cannot take more now. */
  send: (neighbour: NodeId, frame: RelayFrame) => boolean;
  /** Whether a neighbour takes bulk now; `drained` is called when it does again. */
  isClear: (neighbour: NodeId) => boolean;
  isUp: (neighbour: NodeId) => boolean;
  nextHop: (destination: NodeId) => NextHop | undefined;
  /** A frame for this node. */
  deliver: (frame: RelayFrame) => void;
  /** There is room in an outbox again. */
  room: () => void;
}

export interface ForwarderCounts {
  /** Of others, passed on. */
  forwardedFrames: number;
  forwardedBytes: number;
  /** That waited for a neighbour when the link to it went down, and took another way. */
  rescuedFrames: number;
  /** Frames that this node sent, and that came to it. */
  sentFrames: number;
  deliveredFrames: number;
  queuedFrames: number;
  queuedBytes: number;
  drops: Record<RelayDropReason, number>;
}

/** Control frames that one origin may send through this node: they pass before everything else. */
const CONTROL_RATE = { perSecond: 2000, burst: 4000 } as const;
/** Origins whose rate is watched at the same time; the longest known is forgotten first. */
const MOST_ORIGINS = 4096;

export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #outboxes = new Map<NodeId, Outbox>();
  readonly #rates = new Map<NodeId, TokenBucket>();
  /** Neighbours that frames for others went to, each with the destination of the last. */
  #used = new Map<NodeId, NodeId>();
  readonly #drops = new Map<RelayDropReason, number>();
  #forwardedFrames = 0;
  #forwardedBytes = 0;
  #rescuedFrames = 0;
  #sentFrames = 0;
  #deliveredFrames = 0;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /** A frame of this node's own. False when it went nowhere: there is no way, or no room now. */
  send(frame: RelayFrame): boolean {
    const took = this.#pass(frame, undefined);
    if (took) this.#sentFrames++;
    return took;
  }

  /** A frame that a neighbour handed over. Never throws. */
  receive(from: NodeId, frame: RelayFrame): void {
    const { self, deliver } = this.#parts;
    if (!isSound(frame)) return void this.drop('malformed');
    if (frame.origin === self) return void this.drop('loop');
    if (frame.control && !this.#mayControl(frame.origin)) return void this.drop('rate');
    if (frame.destination === self) {
      this.#deliveredFrames++;
      return void deliver(frame);
    }
    if (frame.ttl <= 1) {
      this.drop('ttl');
      return void this.#notify(frame, 'ttl');
    }
    frame.ttl--;
    if (!this.#pass(frame, from)) return;
    this.#forwardedFrames++;
    this.#forwardedBytes += frameBytes(frame);
  }

  /** A neighbour takes bulk again. */
  drained(neighbour: NodeId): void {
    this.#flush(neighbour);
    this.#parts.room();
  }

  /**
   * The link to a neighbour is down, or the neighbour is gone. What waited for it never left this node, so it takes
   * another way without being doubled; what finds none, or no room there, is dropped, and its origin repeats it.
   */
  linkDown(neighbour: NodeId): void {
    const outbox = this.#outboxes.get(neighbour);
    this.#outboxes.delete(neighbour);
    for (const { frame, from } of outbox?.takeAll() ?? []) {
      const hop = this.#hopFor(frame, from);
      const took = typeof hop === 'object' && hop.to !== neighbour && this.#enqueue(frame, hop, from);
      if (took) this.#rescuedFrames++;
      else this.drop('link');
    }
    this.#parts.room();
  }

  /** Neighbours that frames for others went to since the last call, each with a destination of these. */
  takeUsed(): ReadonlyMap<NodeId, NodeId> {
    const used = this.#used;
    this.#used = new Map();
    return used;
  }

  drop(reason: RelayDropReason, count = 1): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + count);
  }

  counts(): ForwarderCounts {
    const drops: Partial<Record<RelayDropReason, number>> = {};
    for (const reason of RELAY_DROP_REASONS) drops[reason] = this.#drops.get(reason) ?? 0;
    const outboxes = [...this.#outboxes.values()];
    return {
      forwardedFrames: this.#forwardedFrames,
      forwardedBytes: this.#forwardedBytes,
      rescuedFrames: this.#rescuedFrames,
      sentFrames: this.#sentFrames,
      deliveredFrames: this.#deliveredFrames,
      queuedFrames: outboxes.reduce((sum, { frames }) => sum + frames, 0),
      queuedBytes: outboxes.reduce((sum, { bytes }) => sum + bytes, 0),
      drops: drops as Record<RelayDropReason, number>,
    };
  }

  /** @param from the neighbour that it came from; undefined for our own */
  #pass(frame: RelayFrame, from: NodeId | undefined): boolean {
    const hop = this.#hopFor(frame, from);
    if (typeof hop !== 'object') {
      this.drop(hop);
      if (from !== undefined && hop === 'no-route') this.#notify(frame, hop);
      return false;
    }
    // A way that we chose ourselves for a frame says nothing of the one in use.
    const isChosen = from === undefined && frame.path.length > 0;
    if (hop.to !== frame.destination && !isChosen) this.#used.set(hop.to, frame.destination);
    if (this.#enqueue(frame, hop, from)) return true;
    // Our own is told so and waits; that is no loss.
    if (from !== undefined) this.drop('queue');
    return false;
  }

  #hopFor({ destination, path }: RelayFrame, from: NodeId | undefined): Hop | 'no-route' | 'loop' {
    const hop = forward({ destination, ...(path.length > 0 && { path }) }, this.#parts);
    if (hop === undefined) return 'no-route';
    // Only a path that the frame carries may lead back: on tables alone it would go to and fro.
    return hop.to === from && hop.path === undefined ? 'loop' : hop;
  }

  #enqueue(frame: RelayFrame, { to, path }: Hop, from: NodeId | undefined): boolean {
    if (!this.#outboxOf(to).add(frame, from)) return false;
    frame.path = [...(path ?? [])];
    this.#flush(to);
    return true;
  }

  #flush(neighbour: NodeId): void {
    const { send, isClear } = this.#parts;
    this.#outboxes.get(neighbour)?.flush(
      (frame) => send(neighbour, frame),
      () => isClear(neighbour),
    );
  }

  #outboxOf(neighbour: NodeId): Outbox {
    let outbox = this.#outboxes.get(neighbour);
    if (outbox === undefined) {
      outbox = new Outbox();
      this.#outboxes.set(neighbour, outbox);
    }
    return outbox;
  }

  /** Tells the origin of a trace what became of it; other frames pass away silently, or one drop would make two frames. */
  #notify({ origin, body }: RelayFrame, kind: 'ttl' | 'no-route'): void {
    if (body.case !== 'trace') return;
    const { self } = this.#parts;
    const { number } = body.value;
    const value = { $typeName: 'parlmesh.v1.RelayNotice' as const, number, kind, session: new Uint8Array(0) };
    this.send(makeFrame({ origin: self, destination: origin, control: true }, { case: 'notice', value }));
  }

  #mayControl(origin: NodeId): boolean {
    const now = this.#parts.clock.now();
    let bucket = this.#rates.get(origin);
    if (bucket === undefined) {
      if (this.#rates.size >= MOST_ORIGINS) this.#rates.delete(this.#rates.keys().next().value ?? '');
      bucket = new TokenBucket(CONTROL_RATE.perSecond, CONTROL_RATE.burst, now);
      this.#rates.set(origin, bucket);
    }
    return bucket.take(now);
  }
}
