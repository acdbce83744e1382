// One long job text, read in a thread of its own. Its tasks are handed on in slices: each is taken in within a
// millisecond, where the whole would hold the event loop up.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { readJobText } from './job-file.ts';
import type { JobTextAnswer, JobTextRequest } from './job-text.ts';

const SLICE = 200;

const { text, name, format }: JobTextRequest = workerData;
const tell = (answer: JobTextAnswer): void => parentPort?.postMessage(answer);

try {
  const { tasks, ...head } = readJobText(text, name, format);
  tell({ kind: 'head', head });
  for (let at = 0; at < tasks.length; at += SLICE) tell({ kind: 'tasks', tasks: tasks.slice(at, at + SLICE) });
  tell({ kind: 'done' });
} catch (thrown) {
  const known = thrown instanceof ParlmeshError ? thrown : undefined;
  tell({ kind: 'refused', code: known?.code ?? 'JOB_INVALID', message: messageOf(thrown), hint: known?.hint });
}
