// Anti-entropy between neighbours. Each tells a few others the sum of all its states, a few bytes, whenever that changed;
// who has another sum answers with those of all buckets, and of those that differ they exchange the list, then what the
// other lacks. What a flood lost is so healed over any one neighbour, and two halves of a network become one again.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { DropCounters } from '../counters.ts';
import type { NodeId } from '../membership/keys.ts';
import { type Digest, type Entries, type PeerMessage, PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';
import { differing, packDigest, packSlots, packStates, unpackDigest, unpackSlots, unpackStates } from './digest.ts';
import { BUCKETS, bucketOf, type Fingerprint } from './fingerprint.ts';
import type { Gossip } from './gossip.ts';
import { listsOf } from './lists.ts';
import { PeerAccord } from './peer-accord.ts';
import type { SlotEntry } from './state-table.ts';
import { staysInArea } from './topics.ts';

export interface SynchronizerParts {
  self: NodeId;
  gossip: Gossip;
  clock: Clock;
  random: Random;
  drops: DropCounters;
  /**
   * Of an admitted neighbour; left out: all are in this node's. With one of another area only that is compared which every
   * area has, and what the two say in each other's.
   */
  areaOf?: (peer: NodeId) => string | undefined;
  /** False when the neighbour cannot take it now. */
  send: (peer: NodeId, message: PeerMessage) => boolean;
}

/** Between two rounds of telling neighbours, on average. Nothing is told while nothing changed. */
const ROUND: Millis = 700;
/** Neighbours told in a round: of many, each is told by some of its own neighbours in nearly every round. */
const TOLD_A_ROUND = 3;
/** From news by synchronisation to telling of it: more may follow. */
const NEWS: Millis = 50;
/** A node that has just started lacks what all others have: for so long its news are news to nobody else. */
const SETTLING_IN: Millis = 5000;
const MOST_FRAME_BYTES = 64 * 1024;

export class Synchronizer {
  readonly #parts: SynchronizerParts;
  readonly #accords = new Map<NodeId, PeerAccord>();
  #startedAt: Millis = 0;
  #round: Timer | undefined;
  #news: Timer | undefined;

  constructor(parts: SynchronizerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#startedAt = this.#parts.clock.now();
    this.#nextRound();
  }

  stop(): void {
    this.#round?.cancel();
    this.#news?.cancel();
    this.#accords.clear();
  }

  /** A neighbour was admitted. One of the two begins, so that they do not do the same work twice. */
  meet(peer: NodeId): void {
    this.#accords.set(peer, new PeerAccord(this.#parts.clock.now()));
    if (this.#parts.self > peer) this.#tell(peer, true);
  }

  part(peer: NodeId): void {
    this.#accords.delete(peer);
  }

  /**
   * Gives what this node says in another area to its neighbours there, who pass it on. A flood would reach them later than
   * a connection does, and those of other areas for nothing.
   */
  hand(frame: Uint8Array, area: string): void {
    for (const peer of this.#accords.keys()) {
      if (this.#parts.areaOf?.(peer) === area) this.#send(peer, { case: 'frames', value: { frames: [frame] } });
    }
  }

  /** Takes those messages of an admitted peer that are about synchronisation. */
  hear(peer: NodeId, { case: kind, value }: PeerMessage['kind']): void {
    const accord = this.#accords.get(peer);
    if (accord === undefined) return;
    if (kind === 'frames') this.#onFrames(peer, accord, value.frames);
    if (kind !== 'digest' && kind !== 'entries' && kind !== 'want') return;
    if (!accord.mayAsk(this.#parts.clock.now())) this.#refuse(peer, 'rate');
    else if (kind === 'digest') this.#onDigest(peer, accord, value);
    else if (kind === 'entries') this.#onEntries(peer, accord, value);
    else this.#onWant(peer, accord, value.slots);
  }

  #nextRound(): void {
    const { clock, random } = this.#parts;
    this.#round = clock.after(ROUND * (0.75 + random.next() / 2), () => {
      this.#tellSome(false);
      this.#nextRound();
    });
  }

  #tellSome(all: boolean): void {
    const { clock, random } = this.#parts;
    const peers = [...this.#accords].filter(([peer, accord]) => accord.wants(this.#sumFor(peer).root, clock.now()));
    for (const [peer] of pick(peers, TOLD_A_ROUND, random)) this.#tell(peer, all);
  }

  #tell(peer: NodeId, all: boolean): void {
    const { root } = this.#sumFor(peer);
    this.#accords.get(peer)?.tell(root, this.#parts.clock.now());
    this.#send(peer, { case: 'digest', value: { root: BigInt(root), all } });
  }

  #onDigest(peer: NodeId, accord: PeerAccord, digest: Digest): void {
    const root = Number(digest.root);
    const mine = this.#sumFor(peer).root;
    accord.hear(root, mine);
    if (root === mine) return;
    if (digest.buckets.length > 0) this.#compare(peer, accord, digest);
    else if (this.#parts.self > peer) this.#tell(peer, digest.all);
    else this.#tellAll(peer, accord, digest.all);
  }

  /** Tells the sums of all buckets. */
  #tellAll(peer: NodeId, accord: PeerAccord, all: boolean): void {
    const { clock } = this.#parts;
    const fingerprint = this.#sumFor(peer);
    accord.tell(fingerprint.root, clock.now());
    const value = { root: BigInt(fingerprint.root), ...packDigest(fingerprint, clock.now()), all };
    this.#send(peer, { case: 'digest', value });
  }

  #compare(peer: NodeId, accord: PeerAccord, digest: Digest): void {
    const { clock } = this.#parts;
    const fingerprint = this.#sumFor(peer);
    const now = clock.now();
    const theirs = unpackDigest(digest);
    if (theirs === undefined) {
      this.#refuse(peer, 'malformed');
      return;
    }
    const different = differing(fingerprint, theirs, now, digest.all).filter((bucket) =>
      accord.comparisons.due(bucket, fingerprint.buckets[bucket]!, theirs.buckets[bucket]!, now),
    );
    this.#list(peer, different);
  }

  /** Says which states we have in these buckets. */
  #list(peer: NodeId, different: readonly number[]): void {
    for (const { buckets, states } of listsOf(this.#sharedWith(peer, new Set(different)), different)) {
      const value = { buckets: Uint8Array.from(buckets), states: packStates(states) };
      this.#send(peer, { case: 'entries', value });
    }
  }

  #onEntries(peer: NodeId, accord: PeerAccord, { buckets, states }: Entries): void {
    const theirs = unpackStates(states);
    if (theirs === undefined || buckets.length > BUCKETS) {
      this.#refuse(peer, 'malformed');
      return;
    }
    const given: Uint8Array[] = [];
    for (const { slot, sequence, live, frame } of this.#sharedWith(peer, new Set(buckets))) {
      const known = theirs.get(slot) ?? 0;
      if (live && sequence > known) given.push(frame);
      if (sequence >= known) theirs.delete(slot);
    }
    this.#give(peer, accord, given);
    if (theirs.size > 0) this.#send(peer, { case: 'want', value: { slots: packSlots([...theirs.keys()]) } });
  }

  #onWant(peer: NodeId, accord: PeerAccord, packed: Uint8Array): void {
    const slots = unpackSlots(packed);
    if (slots === undefined) {
      this.#refuse(peer, 'malformed');
      return;
    }
    const buckets = new Set([...slots].map(bucketOf));
    const wanted = [...this.#sharedWith(peer, buckets)].filter(({ live, slot }) => live && slots.has(slot));
    this.#give(
      peer,
      accord,
      wanted.map(({ frame }) => frame),
    );
  }

  /** What does not go now is found again in a later round. */
  #give(peer: NodeId, accord: PeerAccord, all: readonly Uint8Array[]): void {
    for (const frames of batches(all, MOST_FRAME_BYTES)) {
      const bytes = frames.reduce((sum, { length }) => sum + length, 0);
      if (!accord.mayHave(bytes, this.#parts.clock.now())) return;
      if (!this.#send(peer, { case: 'frames', value: { frames } })) return;
    }
  }

  #onFrames(peer: NodeId, accord: PeerAccord, frames: readonly Uint8Array[]): void {
    const { gossip, clock } = this.#parts;
    const now = clock.now();
    if (!accord.mayHandOver(frames.length, now)) {
      this.#refuse(peer, 'rate');
      return;
    }
    const passOn = now - this.#startedAt >= SETTLING_IN;
    const news = frames.filter((frame) => gossip.ingest(frame, 'sync', peer, passOn) === 'accept');
    if (news.length === 0 || passOn || this.#news !== undefined) return;
    this.#news = clock.after(NEWS, () => {
      this.#news = undefined;
      this.#tellSome(true);
    });
  }

  #refuse(peer: NodeId, reason: 'rate' | 'malformed'): void {
    const { drops, gossip, clock } = this.#parts;
    drops.add(reason);
    gossip.blame.add(peer, reason === 'rate' ? 'flooded' : 'forged', clock.now());
  }

  /** Over the states that are compared with a neighbour. */
  #sumFor(peer: NodeId): Fingerprint {
    const { states } = this.#parts.gossip;
    const words = this.#wordsBetween(peer);
    return words === undefined ? states.fingerprint : states.commonFingerprint.with(words.filter(({ live }) => live));
  }

  *#sharedWith(peer: NodeId, buckets: ReadonlySet<number>): Iterable<SlotEntry> {
    const words = this.#wordsBetween(peer);
    for (const entry of this.#parts.gossip.states.inBuckets(buckets)) {
      if (words === undefined || !staysInArea(entry.scope)) yield entry;
    }
    for (const entry of words ?? []) if (buckets.has(bucketOf(entry.slot))) yield entry;
  }

  /** What a neighbour of another area and this node say in each other's; undefined for one of the same area. */
  #wordsBetween(peer: NodeId): SlotEntry[] | undefined {
    const { gossip, areaOf } = this.#parts;
    const area = areaOf === undefined ? gossip.area : areaOf(peer);
    if (area === gossip.area) return undefined;
    return area === undefined ? [] : [...gossip.wordsBetween(peer, area)];
  }

  #send(peer: NodeId, kind: MessageInit): boolean {
    return this.#parts.send(peer, create(PeerMessageSchema, { kind }));
  }
}

type MessageInit =
  | { case: 'digest'; value: { root: bigint; buckets?: Uint8Array; settled?: Uint8Array; all: boolean } }
  | { case: 'entries'; value: { buckets: Uint8Array; states: Uint8Array } }
  | { case: 'want'; value: { slots: Uint8Array } }
  | { case: 'frames'; value: { frames: Uint8Array[] } };

/** Some of them, each as likely as any other. */
function pick<T>(all: T[], most: number, random: Random): T[] {
  const picked: T[] = [];
  while (picked.length < most && all.length > 0) picked.push(...all.splice(random.below(all.length), 1));
  return picked;
}

function* batches(frames: readonly Uint8Array[], most: number): Iterable<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const frame of frames) {
    if (bytes + frame.length > most && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(frame);
    bytes += frame.length;
  }
  if (batch.length > 0) yield batch;
}
