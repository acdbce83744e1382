// The scheduler whose choice the policy sees beside each other choice: a fresh policy follows it, a trained one knows when
// not to. Rewards in training are told against it.

import { listScheduler } from '../swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';

/**
 * The job with the least work left goes first; a task takes a free worker that would finish it in up to 1.6 times what the
 * best worker, once free, would need. Found by trial on generated jobs, where none of the classical schedulers does as well.
 */
export const advisor: TaskScheduler = listScheduler(
  'least-work-left',
  (a, b) => a.job.workLeft - b.job.workLeft || b.job.graph.below[b.task]! - a.job.graph.below[a.task]!,
  1.6,
);
