// The metrics of jobs: how many there are and how they ended, what became of tasks, how long these waited, and what this
// node takes on.

import type { SwarmOrchestrator } from '../../agents/swarm/orchestrator.ts';
import type { Family } from './samples.ts';

/** Totals and present figures of jobs and tasks. */
export type SwarmFigures = ReturnType<SwarmOrchestrator['figures']>;

export const swarmFamilies: Family[] = [
  {
    name: 'parlmesh_jobs',
    type: 'gauge',
    help: 'Jobs that run: `running` has its home here, `deputy` elsewhere and is kept here too.',
    labels: ['state'],
    read: ({ swarm }) =>
      swarm === undefined
        ? []
        : [
            [swarm.jobs.running, 'running'],
            [swarm.jobs.deputy, 'deputy'],
          ],
  },
  {
    name: 'parlmesh_jobs_ended_total',
    type: 'counter',
    help: 'Jobs that ended, by how, as this node was told of them.',
    labels: ['state'],
    read: ({ jobsEnded }) => Object.entries(jobsEnded).map(([state, count]) => [count, state]),
  },
  {
    name: 'parlmesh_tasks_total',
    type: 'counter',
    help: 'What became of the tasks of this node’s jobs: `retried` counts among `failed` too.',
    labels: ['outcome'],
    read: ({ swarm }) => {
      if (swarm === undefined) return [];
      const { finished, failed, retried, lost, setAside } = swarm.tasks;
      return [
        [finished, 'succeeded'],
        [failed, 'failed'],
        [retried, 'retried'],
        [lost, 'lost'],
        [setAside, 'set-aside'],
      ];
    },
  },
  counter(
    'task_wait_seconds',
    'Seconds that succeeded tasks waited from ready until begun; by their number, the mean.',
    ({ tasks }) => tasks.waitedSeconds,
  ),
  counter(
    'tasks_recalled',
    'Tasks taken back from a node before they began, for one that idled.',
    ({ placing }) => placing.recalled,
  ),
  counter(
    'job_takeovers',
    'Jobs that this node took over from a home that died.',
    ({ succession }) => succession.takenOver,
  ),
  {
    name: 'parlmesh_tasks_ready',
    type: 'gauge',
    help: 'Tasks of this node’s jobs that wait for a place.',
    read: ({ swarm, tasksReady }) => (swarm === undefined ? [] : [[tasksReady]]),
  },
  gauge('swarm_agents', 'Job workers on this node.', ({ worker }) => worker.agents),
  gauge(
    'swarm_slots',
    'Tasks that this node takes on at a time; less when the board is stressed.',
    ({ worker }) => worker.slots,
  ),
  gauge('swarm_running', 'Tasks that run on this node, whoever’s they are.', ({ worker }) => worker.running),
  gauge('swarm_queued', 'Tasks that wait on this node for a slot.', ({ worker }) => worker.queued),
  gauge(
    'swarm_stress_ratio',
    'How much heat, throttling, memory and the like take from this node, 0 to 1.',
    ({ worker }) => worker.stress,
  ),
];

function counter(what: string, help: string, value: (figures: SwarmFigures) => number): Family {
  return { ...gauge(what, help, value), name: `parlmesh_${what}_total`, type: 'counter' };
}

function gauge(what: string, help: string, value: (figures: SwarmFigures) => number): Family {
  return {
    name: `parlmesh_${what}`,
    type: 'gauge',
    help,
    read: ({ swarm }) => (swarm === undefined ? [] : [[value(swarm)]]),
  };
}
