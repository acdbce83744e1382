// Reads the text of a job that came from elsewhere without holding the event loop up: a short one at once, a long one in
// a thread of its own, from which its tasks come in slices.

import { Worker } from 'node:worker_threads';
import type { JobSpec, TaskSpec } from '../../agents/swarm/job-spec.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { type JobTextFormat, readJobText } from './job-file.ts';

/** Bytes that are read here: JSON of this length takes one to three milliseconds, YAML ten times that. */
const SHORT: Record<JobTextFormat, number> = { json: 32_768, yaml: 2_048 };
/** Long texts that are read at a time; more are refused, since each may take some hundred megabytes for a second. */
const MOST_AT_ONCE = 2;
const MOST_MEGABYTES = 512;

export interface JobTextRequest {
  text: string;
  name: string;
  format: JobTextFormat;
}

export type JobTextAnswer =
  | { kind: 'head'; head: Omit<JobSpec, 'tasks'> }
  | { kind: 'tasks'; tasks: TaskSpec[] }
  | { kind: 'done' }
  | { kind: 'refused'; code: string; message: string; hint: string | undefined };

export class JobTexts {
  #reading = 0;

  /** Throws `JOB_INVALID`, naming every fault, or `JOB_READER_BUSY`. */
  async read(bytes: Uint8Array, name: string, format: JobTextFormat): Promise<JobSpec> {
    const text = decode(bytes, name);
    if (bytes.length <= SHORT[format]) return readJobText(text, name, format);
    if (this.#reading >= MOST_AT_ONCE) {
      throw new ParlmeshError('JOB_READER_BUSY', `${MOST_AT_ONCE} long jobs are being read already`, {
        hint: 'Try again in a second',
      });
    }
    this.#reading++;
    try {
      return await readInThread({ text, name, format });
    } finally {
      this.#reading--;
    }
  }
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ParlmeshError('JOB_INVALID', `${name} is no UTF-8 text`);
  }
}

function readInThread(request: JobTextRequest): Promise<JobSpec> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./job-text.worker.ts', import.meta.url), {
      workerData: request,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
    });
    const spec: JobSpec = { name: '', tasks: [] };
    worker.on('message', (answer: JobTextAnswer) => {
      switch (answer.kind) {
        case 'head':
          Object.assign(spec, answer.head);
          break;
        case 'tasks':
          for (const task of answer.tasks) spec.tasks.push(task);
          break;
        case 'done':
          resolve(spec);
          break;
        case 'refused': {
          const { code, message, hint } = answer;
          reject(new ParlmeshError(code, message, hint === undefined ? {} : { hint }));
        }
      }
    });
    worker.once('error', (cause) =>
      reject(new ParlmeshError('JOB_INVALID', 'The job takes too much memory', { cause })),
    );
    // Settled already unless the thread ended without a word.
    worker.once('exit', () => reject(new ParlmeshError('JOB_READER_FAILED', 'The job was not read to its end')));
  });
}
