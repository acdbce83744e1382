// Agents that crash, hang and are slow, and more tasks than can be done.

import type { Supervisor } from '../../../agents/supervisor.ts';
import type { Clock, Millis } from '../../../core/clock.ts';
import type { JobActions } from '../../view/view.ts';
import type { Disturbances } from '../disturbances.ts';
import type { InjectionKind } from '../injection.ts';

export interface AgentFaultsParts {
  supervisor: Pick<Supervisor, 'agents' | 'provoke'>;
  jobs: Pick<JobActions, 'submitJob' | 'cancelJob'>;
  disturbances: Pick<Disturbances, 'drag'>;
  clock: Clock;
}

/** Between two crashes: by then a restarted instance works. */
const CRASH_EVERY: Millis = 50;
/** What a task of this node takes longer while agents are slow. */
const DRAG: Millis = 3_000;
const STORM = { jobs: 4, tasks: 500, seconds: 0.2 };
/** Whoever injects; no agent of a user can be called so. */
export const CHAOS_AGENT = 'chaos injector';
const CHAOS_ACTOR = { kind: 'agent', id: CHAOS_AGENT } as const;

export function agentFaults({ supervisor, jobs, disturbances, clock }: AgentFaultsParts): InjectionKind[] {
  const working = (): string[] =>
    supervisor
      .agents()
      .filter(({ state }) => state === 'ready' || state === 'busy')
      .map(({ id }) => id);
  const stateOf = (id: string): string | undefined => supervisor.agents().find((agent) => agent.id === id)?.state;
  const why = (): string => 'no agent of this node works';
  const tasks = () => ['tasks'];
  return [
    {
      ...{ name: 'agent-crashed', fault: 'agent-crashed', lasts: 30_000, targets: working, why },
      does: 'has an agent crash whenever it works, until its supervisor sets it aside; then the cause is gone',
      at: (id, lasts) => ({
        ...{ fault: 'agent-crashed', subject: `agent/${id}`, target: id, lasts },
        inject: async () => {
          const timer = clock.every(CRASH_EVERY, () => {
            const state = stateOf(id);
            if (state === 'degraded' || state === 'stopped' || state === undefined) timer.cancel();
            else if (state === 'ready' || state === 'busy') supervisor.provoke(id, 'crash');
          });
          supervisor.provoke(id, 'crash');
          return () => timer.cancel();
        },
      }),
    },
    {
      ...{ name: 'agent-hung', fault: 'agent-hung', lasts: 30_000, targets: working, why },
      does: 'has an agent give no sign of life and answer no letter',
      at: (id, lasts) => ({
        ...{ fault: 'agent-hung', subject: `agent/${id}`, target: id, lasts },
        inject: async () => {
          supervisor.provoke(id, 'hang');
          // The instance that hangs is given up by its supervisor; there is nothing to take back.
          return () => {};
        },
      }),
    },
    {
      ...{ name: 'agent-slow', fault: 'agent-slow', lasts: 30_000, targets: tasks },
      does: `has each task of this node take ${DRAG / 1000} s longer`,
      at: (target, lasts) => ({
        ...{ fault: 'agent-slow', subject: 'service/tasks', target, lasts },
        inject: async () => {
          disturbances.drag = DRAG;
          return () => {
            disturbances.drag = 0;
          };
        },
      }),
    },
    {
      ...{ name: 'task-storm', fault: 'task-storm', lasts: 30_000, targets: tasks },
      does: `submits ${STORM.jobs * STORM.tasks} small tasks at once`,
      at: (target, lasts) => ({
        ...{ fault: 'task-storm', subject: 'node', target, lasts },
        inject: async () => {
          const submitted: string[] = [];
          const undo = async (): Promise<void> => {
            // Those that have ended meanwhile cannot be cancelled.
            await Promise.all(submitted.map((id) => jobs.cancelJob(id, CHAOS_ACTOR).catch(() => {})));
          };
          try {
            for (let count = 0; count < STORM.jobs; count++) {
              const { id } = await jobs.submitJob({ name: 'chaos: task storm', tasks: stormTasks() }, CHAOS_ACTOR);
              submitted.push(id);
            }
          } catch (error) {
            await undo();
            throw error;
          }
          return undo;
        },
      }),
    },
  ];
}

const stormTasks = () =>
  Array.from({ length: STORM.tasks }, (_, index) => ({
    ...{ id: `t${index}`, kind: 'wait', input: { seconds: STORM.seconds }, seconds: STORM.seconds },
  }));
