// Anti-entropy on a medium where everybody hears everybody and nobody is connected: an MQTT broker. Somebody says the sums
// of its table now and then; who differs lists what it has there, and who has more says that again. Everybody waits a
// random moment first and keeps silent about what it hears meanwhile, so that a hundred nodes do not answer at once.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Transport } from '../transport/transport.ts';
import { Comparisons } from './comparisons.ts';
import { differing, packDigest, packStates, unpackDigest, unpackStates } from './digest.ts';
import type { OpenedEnvelope } from './envelope.ts';
import { BUCKETS, bucketOf, Fingerprint, type Slot, slotOf } from './fingerprint.ts';
import type { Gossip, Message } from './gossip.ts';
import { listsOf } from './lists.ts';
import type { SlotEntry } from './state-table.ts';
import { type DigestPayload, digestTopic, type EntriesPayload, entriesTopic } from './topics.ts';
import { Trickle } from './trickle.ts';

export interface BroadcastSynchronizerParts {
  gossip: Gossip;
  transport: Transport;
  clock: Clock;
  random: Random;
}

/** A digest is said within the second one when nothing is known, and by one node each few seconds when all agree. */
const DIGESTS: { readonly shortest: Millis; readonly longest: Millis } = { shortest: 500, longest: 4000 };
/** Who differs waits so long at most before it lists what it has. */
const LIST_SPREAD: Millis = 250;
/** Who has more waits so long at most before it says it again. */
const ANSWER_SPREAD: Millis = 400;
/** Lists that this node says, and states of all that it says again: what liars can make it say. */
const LISTS = { perSecond: 4, burst: 20 };
const ANSWERS = { perSecond: 200, burst: 2000 };
/** States said again in one go: the client to the broker takes no more at once. */
const AT_ONCE = 100;
const MOST_ANSWERS = 10_000;

export class BroadcastSynchronizer {
  readonly #parts: BroadcastSynchronizerParts;
  readonly #trickle: Trickle;
  readonly #comparisons = new Comparisons();
  readonly #lists: TokenBucket;
  readonly #answers: TokenBucket;
  /** Buckets to list. */
  readonly #toList = new Set<number>();
  /** States to say again, unless somebody else does: the number of the one that is wanted. */
  readonly #toAnswer = new Map<Slot, number>();
  #listing: Timer | undefined;
  #answering: Timer | undefined;

  constructor(parts: BroadcastSynchronizerParts) {
    this.#parts = parts;
    const { gossip, transport, clock } = parts;
    this.#trickle = new Trickle({ ...parts, ...DIGESTS, say: () => this.#sayDigest() });
    this.#lists = new TokenBucket(LISTS.perSecond, LISTS.burst, clock.now());
    this.#answers = new TokenBucket(ANSWERS.perSecond, ANSWERS.burst, clock.now());
    const here = ({ source, payload }: Message<{ area: string }>): boolean =>
      source === transport.kind && payload.area === gossip.area;
    gossip.subscribe(digestTopic, {
      message: (message) => {
        if (here(message)) this.#onDigest(message.payload);
      },
    });
    gossip.subscribe(entriesTopic, {
      message: (message) => {
        if (here(message)) this.#onEntries(message.payload);
      },
    });
    gossip.witness((state, source) => {
      if (source === transport.kind) this.#heard(state);
    });
  }

  /** The medium is there (again). */
  start(): void {
    const { gossip, transport } = this.#parts;
    // What nobody else there can say. The rest shows in the digests.
    for (const { source, frame, topic, origin } of gossip.states.entries()) {
      if (source === 'self') transport.broadcast(frame, topic, origin);
    }
    this.#trickle.start();
  }

  stop(): void {
    this.#trickle.stop();
    this.#listing?.cancel();
    this.#answering?.cancel();
    this.#listing = undefined;
    this.#answering = undefined;
    this.#toList.clear();
    this.#toAnswer.clear();
  }

  #sayDigest(): void {
    const { gossip, transport, clock } = this.#parts;
    const { buckets, settled } = packDigest(gossip.states.fingerprint, clock.now());
    gossip.publish(digestTopic, { area: gossip.area, buckets: base64(buckets), settled: base64(settled) }, transport);
  }

  #onDigest({ buckets, settled }: DigestPayload): void {
    const { gossip, clock } = this.#parts;
    const theirs = unpackDigest({ buckets: Buffer.from(buckets, 'base64'), settled: Buffer.from(settled, 'base64') });
    if (theirs === undefined) return;
    const { fingerprint } = gossip.states;
    const now = clock.now();
    const different = differing(fingerprint, theirs, now, false);
    const due = different.filter((at) => this.#comparisons.due(at, fingerprint.buckets[at]!, theirs.buckets[at]!, now));
    if (different.length === 0) this.#trickle.agree();
    if (due.length > 0) this.#trickle.differ();
    this.#list(due);
  }

  #list(buckets: Iterable<number>): void {
    for (const bucket of buckets) this.#toList.add(bucket);
    if (this.#toList.size === 0 || this.#listing !== undefined) return;
    const { clock, random } = this.#parts;
    this.#listing = clock.after(random.next() * LIST_SPREAD, () => {
      this.#listing = undefined;
      this.#sayLists();
    });
  }

  #sayLists(): void {
    const { gossip, transport, clock } = this.#parts;
    for (const { buckets, states } of listsOf(gossip.states.inBuckets(this.#toList), this.#toList)) {
      if (!this.#lists.take(clock.now())) break;
      const payload = {
        area: gossip.area,
        buckets: base64(Uint8Array.from(buckets)),
        states: base64(packStates(states)),
      };
      gossip.publish(entriesTopic, payload, transport);
    }
    this.#toList.clear();
  }

  #onEntries({ buckets, states }: EntriesPayload): void {
    const theirs = unpackStates(Buffer.from(states, 'base64'));
    const listed = new Set(Buffer.from(buckets, 'base64'));
    if (theirs === undefined || listed.size > BUCKETS) return;
    const { gossip } = this.#parts;
    this.#keepSilentOfSame(listed, theirs);
    for (const { slot, sequence, live } of gossip.states.inBuckets(listed)) {
      const known = theirs.get(slot) ?? 0;
      if (live && sequence > known && this.#toAnswer.size < MOST_ANSWERS) this.#toAnswer.set(slot, sequence);
      if (sequence >= known) theirs.delete(slot);
    }
    // Somebody has what is missing here, and says it when it sees what is here.
    this.#list([...theirs.keys()].map(bucketOf));
    this.#answer();
  }

  /** Where the list is what this node would have said. */
  #keepSilentOfSame(listed: ReadonlySet<number>, theirs: ReadonlyMap<Slot, number>): void {
    if (this.#toList.size === 0) return;
    const sums = new Fingerprint();
    for (const [slot, sequence] of theirs) sums.toggle(slot, sequence, 0);
    const { fingerprint } = this.#parts.gossip.states;
    for (const bucket of listed) {
      if (sums.buckets[bucket] === fingerprint.buckets[bucket]) this.#toList.delete(bucket);
    }
  }

  #answer(): void {
    if (this.#toAnswer.size === 0 || this.#answering !== undefined) return;
    const { clock, random } = this.#parts;
    this.#answering = clock.after(random.next() * ANSWER_SPREAD, () => {
      this.#answering = undefined;
      this.#sayAnswers();
    });
  }

  #sayAnswers(): void {
    const { transport, clock } = this.#parts;
    const wanted = this.#wanted();
    for (const { slot, live, frame, topic, origin } of wanted.slice(0, AT_ONCE)) {
      this.#toAnswer.delete(slot);
      if (live && this.#answers.take(clock.now())) transport.broadcast(frame, topic, origin);
    }
    if (wanted.length > AT_ONCE) this.#answer();
    else this.#toAnswer.clear();
  }

  #wanted(): SlotEntry[] {
    const { states } = this.#parts.gossip;
    const buckets = new Set([...this.#toAnswer.keys()].map(bucketOf));
    return [...states.inBuckets(buckets)].filter(({ slot }) => this.#toAnswer.has(slot));
  }

  #heard({ topic, originKey, sequence }: OpenedEnvelope): void {
    if (this.#toAnswer.size === 0) return;
    const slot = slotOf(topic, originKey);
    if (sequence >= (this.#toAnswer.get(slot) ?? Number.POSITIVE_INFINITY)) this.#toAnswer.delete(slot);
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
