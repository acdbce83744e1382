// What a node that takes no jobs shows of them and answers.

import { ParlmeshError } from '../core/errors.ts';
import type { JobActions, JobWindow } from './view/view.ts';

const refuse = (): Promise<never> =>
  Promise.reject(new ParlmeshError('JOBS_UNAVAILABLE', 'This node takes no jobs', { hint: 'Ask another node' }));

export const noJobs: JobWindow & JobActions = {
  jobs: () => [],
  job: refuse,
  swarm: () => ({ workers: [], scheduler: 'none', why: 'This node takes no jobs', running: 0, ready: 0 }),
  blob: refuse,
  submitJob: refuse,
  cancelJob: refuse,
  retryJob: refuse,
  writeBlob: refuse,
};
