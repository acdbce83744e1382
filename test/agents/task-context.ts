// The context of a task under test: blobs in memory, what was logged and told.

import { createHash } from 'node:crypto';
import type { TaskContext } from '../../agents/swarm/task-executor.ts';

export function taskContext(signal: AbortSignal = new AbortController().signal) {
  const blobs = new Map<string, Uint8Array>();
  const logged: string[] = [];
  const progress: number[] = [];
  const context: TaskContext = {
    job: 'job-1',
    task: 'task-1',
    attempt: 1,
    key: 'key-1',
    signal,
    progress: (share) => progress.push(share),
    log: (line) => logged.push(line),
    readBlob: async ({ $blob }) => {
      const bytes = blobs.get($blob);
      if (bytes === undefined) throw new Error(`no blob ${$blob}`);
      return bytes;
    },
    writeBlob: async (bytes, mediaType) => {
      const $blob = createHash('sha256').update(bytes).digest('hex');
      blobs.set($blob, bytes);
      return { $blob, bytes: bytes.length, ...(mediaType !== undefined && { mediaType }) };
    },
  };
  return { context, blobs, logged, progress };
}
