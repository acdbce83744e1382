// Anti-entropy between two connected nodes: each says what it has, each asks for what it lacks. When two parts of a
// network meet, everything that one side missed floods on from there.

import { create } from '@bufbuild/protobuf';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { type PeerMessage, PeerMessageSchema, type StateId, StateIdSchema } from '../wire/generated/parlmesh_pb.ts';
import type { Gossip } from './gossip.ts';
import { TOPIC_NAME } from './topics.ts';

export interface SynchronizerParts {
  gossip: Gossip;
  random: Random;
  send: (peer: NodeId, message: PeerMessage) => void;
}

/** States named in one message; about 60 bytes each. */
const MOST_STATES = 1000;
/** Bytes of frames in one message. */
const MOST_FRAME_BYTES = 64 * 1024;

export class Synchronizer {
  readonly #parts: SynchronizerParts;

  constructor(parts: SynchronizerParts) {
    this.#parts = parts;
  }

  /** Tells the peer what we have. */
  offer(peer: NodeId): void {
    const states: StateId[] = [];
    for (const { originKey, topic, sequence } of this.#parts.gossip.states.entries()) {
      states.push(create(StateIdSchema, { originKey, topic, sequence: BigInt(sequence) }));
    }
    for (let at = 0; at < states.length; at += MOST_STATES) {
      this.#send(peer, { case: 'have', value: { states: states.slice(at, at + MOST_STATES) } });
    }
  }

  /** Offers to one of them, whichever: what two neighbours missed of each other is found in time. */
  reconcile(peers: readonly NodeId[]): void {
    const peer = peers[this.#parts.random.below(Math.max(1, peers.length))];
    if (peer !== undefined) this.offer(peer);
  }

  /** Takes those messages of an admitted peer that are about synchronisation. */
  hear(peer: NodeId, message: PeerMessage['kind']): void {
    if (message.case === 'have') this.#onHave(peer, message.value.states);
    else if (message.case === 'want') this.#onWant(peer, message.value.states);
    else if (message.case === 'frames')
      for (const frame of message.value.frames) this.#parts.gossip.ingest(frame, 'sync');
  }

  #onHave(peer: NodeId, states: StateId[]): void {
    const { gossip } = this.#parts;
    const wanted = states
      .slice(0, MOST_STATES)
      .filter(
        (state) =>
          state.originKey.length === 32 &&
          TOPIC_NAME.test(state.topic) &&
          Number(state.sequence) > gossip.states.sequence(state.topic, gossip.reader.idOf(state.originKey)),
      );
    if (wanted.length > 0) this.#send(peer, { case: 'want', value: { states: wanted } });
  }

  #onWant(peer: NodeId, states: StateId[]): void {
    const { gossip } = this.#parts;
    let frames: Uint8Array[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (frames.length > 0) this.#send(peer, { case: 'frames', value: { frames } });
      frames = [];
      bytes = 0;
    };
    for (const { originKey, topic } of states.slice(0, MOST_STATES)) {
      const entry = originKey.length === 32 ? gossip.states.get(topic, gossip.reader.idOf(originKey)) : undefined;
      if (entry === undefined) continue;
      if (bytes + entry.frame.length > MOST_FRAME_BYTES) flush();
      frames.push(entry.frame);
      bytes += entry.frame.length;
    }
    flush();
  }

  #send(
    peer: NodeId,
    kind: { case: 'have' | 'want'; value: { states: StateId[] } } | { case: 'frames'; value: { frames: Uint8Array[] } },
  ): void {
    this.#parts.send(peer, create(PeerMessageSchema, { kind }));
  }
}
