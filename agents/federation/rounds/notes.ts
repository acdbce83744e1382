// What a node must not forget of the rounds when it restarts: which were heard of, so that no old invitation counts again, and
// the update that is on its way, so that the same bytes are sent again.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { Heard, LearnerName, MOST_MODEL_BYTES, Mode, NodeId, RoundId, SignedText } from '../messages.ts';
import type { Notebook } from './ports.ts';

export const Pending = Type.Object({
  id: RoundId,
  learner: LearnerName,
  coordinator: NodeId,
  mode: Mode,
  header: SignedText,
  /** Base64. */
  data: Type.String({ maxLength: Math.ceil(MOST_MODEL_BYTES / 3) * 4 }),
  /** Milliseconds that the round had left when the update was packed. */
  lasts: Type.Number({ minimum: 0 }),
  /** The owner has not said yet whether it may leave; what that is asked with, and the end of the round by the wall. */
  held: Type.Optional(
    Type.Object({ ...Heard.properties, examples: Type.Number({ minimum: 0 }), until: Type.Number() }),
  ),
});
export type Pending = Static<typeof Pending>;

const Note = Type.Object({
  heard: Heard,
  /** The last round that this node took part in. */
  id: Type.Optional(RoundId),
  pending: Type.Optional(Pending),
});
export type Note = Static<typeof Note>;

const Document = Type.Object({ v: Type.Literal(1), learners: Type.Record(LearnerName, Note) });

const NOTHING: Note = { heard: { term: 0, round: 0 } };

export class Notes {
  readonly #notebook: Notebook;
  readonly #notes = new Map<string, Note>();
  #writing: Promise<void> = Promise.resolve();

  constructor(notebook: Notebook) {
    this.#notebook = notebook;
  }

  /** What cannot be read counts as nothing: the coordinator then tells what is stale. */
  async read(): Promise<void> {
    const document: unknown = await this.#notebook.read();
    this.#notes.clear();
    if (!Value.Check(Document, document)) return;
    for (const [learner, note] of Object.entries(document.learners)) this.#notes.set(learner, note);
  }

  of(learner: string): Note {
    return this.#notes.get(learner) ?? NOTHING;
  }

  *pending(): Iterable<Pending> {
    for (const { pending } of this.#notes.values()) if (pending !== undefined) yield pending;
  }

  /** Resolves once it is on the disk; what could not be written is not remembered either. */
  set(learner: string, note: Note): Promise<void> {
    const done = this.#writing.then(async () => {
      const before = this.#notes.get(learner);
      this.#notes.set(learner, note);
      try {
        await this.#notebook.write({ v: 1, learners: Object.fromEntries(this.#notes) });
      } catch (thrown) {
        if (before === undefined) this.#notes.delete(learner);
        else this.#notes.set(learner, before);
        throw thrown;
      }
    });
    this.#writing = done.catch(() => {});
    return done;
  }
}

export function isOlder(a: Heard, b: Heard): boolean {
  return a.term < b.term || (a.term === b.term && a.round < b.round);
}
