// What injected faults leave behind if the process ends in the midst of them: written down before, taken away at the next
// start. Everything else that chaos does lives in the process and ends with it.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

export const Trace = Type.Union([
  /** A file below the data folder. */
  Type.Object({ kind: Type.Literal('file'), path: Type.String({ minLength: 1, maxLength: 300 }) }),
  /** A policy that must not stay in force. */
  Type.Object({ kind: Type.Literal('policy'), version: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
]);
export type Trace = Static<typeof Trace>;

const Entry = Type.Object({
  id: Type.String({ maxLength: 64 }),
  fault: Type.String({ maxLength: 64 }),
  target: Type.String({ maxLength: 200 }),
  traces: Type.Array(Trace, { maxItems: 16 }),
});
export type TraceEntry = Static<typeof Entry>;
const Document = Type.Array(Entry, { maxItems: 64 });

export class Traces {
  readonly #dataDir: string;
  readonly #file: string;
  #entries: TraceEntry[] = [];

  constructor(dataDir: string) {
    this.#dataDir = resolve(dataDir);
    this.#file = join(this.#dataDir, 'chaos.json');
  }

  /** What an earlier life left; a file that cannot be understood counts as none and is removed. */
  left(): TraceEntry[] {
    try {
      const read: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      if (Value.Check(Document, read)) return read;
    } catch {
      // There is none.
    }
    return [];
  }

  /** On the disk, synced, when this returns. */
  add(entry: TraceEntry): void {
    this.#write([...this.#entries, entry]);
  }

  remove(id: string): void {
    if (this.#entries.some((entry) => entry.id === id)) this.#write(this.#entries.filter((entry) => entry.id !== id));
  }

  /** Forgets what an earlier life left: it was taken away. */
  clear(): void {
    this.#write([]);
  }

  /** Deletes a file of an injection. Does nothing outside of the data folder, whatever the document says. */
  deleteFile(path: string): void {
    const file = resolve(this.#dataDir, path);
    if (file.startsWith(this.#dataDir + sep)) rmSync(file, { force: true });
  }

  #write(entries: TraceEntry[]): void {
    this.#entries = entries;
    if (entries.length === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    mkdirSync(this.#dataDir, { recursive: true });
    const part = `${this.#file}.part`;
    writeFileSync(part, JSON.stringify(entries));
    const handle = openSync(part, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    renameSync(part, this.#file);
  }
}
