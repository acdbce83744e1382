// Jobs as HTTP, MQTT and the command line see them and ask of them: the swarm, and the store of large inputs and results.

import type { SwarmOrchestrator } from '../agents/swarm/orchestrator.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { JobActions, JobWindow } from './view/view.ts';

export function liveJobs(swarm: SwarmOrchestrator): JobWindow & JobActions {
  return {
    jobs: (query) => swarm.window.jobs(query),
    job: (id) => swarm.changes.job(id),
    swarm: () => swarm.window.swarm(),
    submitJob: (spec, actor, options) => swarm.changes.submit(spec, actor, options),
    cancelJob: (id, actor) => swarm.changes.cancel(id, actor),
    retryJob: (id, actor) => swarm.changes.retry(id, actor),
    ...noBlobs,
  };
}

const refuse = (): Promise<never> => Promise.reject(new ParlmeshError('BLOB_UNKNOWN', 'This node keeps no blobs yet'));

/** Until this node keeps blobs. */
const noBlobs: Pick<JobWindow & JobActions, 'blob' | 'writeBlob'> = { blob: refuse, writeBlob: refuse };
