// Whom a fresh policy imitates before it learns from rewards, and what its rewards are told against.

import { listScheduler } from '../../swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../../swarm/scheduling/scheduler.ts';

/**
 * The job with the least work left goes first; a task takes a free worker that would finish it in up to 1.6 times what the
 * best worker, once free, would need. Found by trial on generated jobs; none of the classical schedulers does as well.
 */
export const teacher: TaskScheduler = listScheduler(
  'least-work-left',
  (a, b) => a.job.workLeft - b.job.workLeft || b.job.graph.below[b.task]! - a.job.graph.below[a.task]!,
  1.6,
);
