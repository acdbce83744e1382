// Frames for a neighbour: a board that is hot or busy asks an idle one to search a picture, at once and without a trace.
// A frame is worth nothing a second later, so it is a question and not a job: no log, no second copy, no second try.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../core/clock.ts';
import type { AgentNetwork } from '../network.ts';
import type { PictureSearch, SearchedObject } from './executors/vision-detect.ts';

/** A node as one that may help. */
export interface Helper {
  node: string;
  reachable: boolean;
  /** 0 none to 1 takes nothing. */
  stress: number;
  /** Of its slots for tasks, those in use. */
  busy: number;
  kinds: readonly string[];
}

export interface FrameHelpParts {
  network: AgentNetwork;
  search: PictureSearch;
  /** All nodes that are known, this one too. */
  helpers: () => readonly Helper[];
  /** How much this board is under pressure, 0 to 1. */
  pressure: () => number;
  clock: Clock;
}

/** Since the start. */
export interface FrameHelpFigures {
  /** Frames that others searched for this node, and this node for others. */
  handedOn: number;
  taken: number;
  /** Answers that said no, came too late, or not at all. */
  failed: number;
}

const SERVICE = 'frames';
/** A frame is as good as lost after this. */
const WITHIN: Millis = 2_000;
/** One that did not help is left alone for this long. */
const LEFT_ALONE: Millis = 10_000;
/** Stress up to which a neighbour counts as idle, and share of its slots that may be in use. */
const IDLE = { stress: 0.4, busy: 0.5 };
/** Frames that are searched for others at once, and that are out at once. */
const MOST_TAKEN = 2;
const MOST_OUT = 4;
const MOST_BYTES = 2_000_000;
const MOST_OBJECTS = 100;

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Answer = Type.Union([
  Type.Object({ busy: Type.Literal(true) }),
  Type.Object({
    objects: Type.Array(
      Type.Object({
        label: Type.String({ maxLength: 64 }),
        confidence: Share,
        box: Type.Object({ x: Share, y: Share, width: Share, height: Share }),
      }),
      { maxItems: MOST_OBJECTS },
    ),
  }),
]);

export class FrameHelp {
  readonly #parts: FrameHelpParts;
  readonly #figures: FrameHelpFigures = { handedOn: 0, taken: 0, failed: 0 };
  /** Nodes that did not help, and until when they are left alone. */
  readonly #leftAlone = new Map<string, Millis>();
  #out = 0;
  #taken = 0;

  /** Before the network starts. */
  constructor(parts: FrameHelpParts) {
    this.#parts = parts;
    parts.network.handle(SERVICE, (_origin, payload) => this.#answer(payload));
  }

  figures(): FrameHelpFigures {
    return { ...this.#figures };
  }

  /** What an idle neighbour finds in a JPEG; undefined where none is there, or it did not answer in time. Never rejects. */
  async detect(jpeg: Uint8Array, minConfidence: number): Promise<SearchedObject[] | undefined> {
    const helper = this.#idlest();
    if (helper === undefined || this.#out >= MOST_OUT || jpeg.length > MOST_BYTES) return undefined;
    this.#out++;
    try {
      const { network } = this.#parts;
      const answer = await network.request(helper, SERVICE, question(jpeg, minConfidence), { deadline: WITHIN });
      const found = readAnswer(answer);
      if (found === undefined) this.#leaveAlone(helper);
      else this.#figures.handedOn++;
      return found;
    } catch {
      this.#leaveAlone(helper);
      return undefined;
    } finally {
      this.#out--;
    }
  }

  #idlest(): string | undefined {
    const { helpers, network, clock } = this.#parts;
    const now = clock.now();
    return helpers()
      .filter(({ node, reachable, stress, busy, kinds }) => {
        const known = this.#leftAlone.get(node);
        const free = reachable && stress <= IDLE.stress && busy <= IDLE.busy && kinds.includes('vision.detect');
        return free && node !== network.self && (known === undefined || known <= now);
      })
      .sort((a, b) => a.stress + a.busy - b.stress - b.busy)[0]?.node;
  }

  #leaveAlone(node: string): void {
    this.#figures.failed++;
    const now = this.#parts.clock.now();
    for (const [other, until] of this.#leftAlone) if (until <= now) this.#leftAlone.delete(other);
    this.#leftAlone.set(node, now + LEFT_ALONE);
  }

  async #answer(payload: Uint8Array): Promise<Uint8Array> {
    const { search, pressure } = this.#parts;
    const asked = readQuestion(payload);
    if (asked === undefined || this.#taken >= MOST_TAKEN || pressure() > IDLE.stress) return encoded({ busy: true });
    this.#taken++;
    try {
      const { detections } = await search.detect(asked.jpeg, asked.minConfidence);
      this.#figures.taken++;
      return encoded({
        objects: detections.slice(0, MOST_OBJECTS).map(({ label, confidence, box }) => ({ label, confidence, box })),
      });
    } finally {
      this.#taken--;
    }
  }
}

/** Four bytes with the least confidence, then the picture. */
function question(jpeg: Uint8Array, minConfidence: number): Uint8Array {
  const bytes = Buffer.alloc(4 + jpeg.length);
  bytes.writeFloatLE(minConfidence);
  bytes.set(jpeg, 4);
  return bytes;
}

function readQuestion(payload: Uint8Array): { jpeg: Uint8Array; minConfidence: number } | undefined {
  if (payload.length < 5 || payload.length > MOST_BYTES + 4) return undefined;
  const minConfidence = new DataView(payload.buffer, payload.byteOffset).getFloat32(0, true);
  if (!(minConfidence >= 0 && minConfidence <= 1)) return undefined;
  return { jpeg: payload.subarray(4), minConfidence };
}

function readAnswer(bytes: Uint8Array): SearchedObject[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Value.Check(Answer, answer) || 'busy' in answer) return undefined;
  return answer.objects;
}

const encoded = (answer: Static<typeof Answer>): Uint8Array => Buffer.from(JSON.stringify(answer));
