// A journal that remembers, and the pieces every vision test needs.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Journal, JournalEntry } from '../../../core/journal.ts';

export class MemoryJournal implements Journal {
  readonly entries: JournalEntry[] = [];

  record(entry: JournalEntry): void {
    this.entries.push(entry);
  }

  kinds(): string[] {
    return this.entries.map(({ kind }) => kind);
  }
}

/** An empty folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-vision-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The folder of 123 COCO pictures with boxes, or undefined where the test data is absent. */
export function cocoFolder(): string | undefined {
  const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/coco-dev');
  return existsSync(join(folder, 'annotations.json')) ? folder : undefined;
}
