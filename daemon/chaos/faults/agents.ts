// Agents that crash, hang and are slow, and more tasks than can be done.

import type { Supervisor } from '../../../agents/supervisor.ts';
import type { Clock, Millis } from '../../../core/clock.ts';
import type { JobActions } from '../../view/view.ts';
import type { Injection, InjectionKind } from '../injection.ts';

export interface AgentFaultsParts {
  supervisor: Pick<Supervisor, 'agents' | 'provoke' | 'serviceTimes'>;
  jobs: Pick<JobActions, 'submitJob' | 'cancelJob'>;
  /** Tasks that wait for each place. */
  waiting: () => number;
  /** Places for tasks, of all nodes within reach. */
  places: () => number;
  clock: Clock;
}

/** Between two crashes: by then a restarted instance works. */
const CRASH_EVERY: Millis = 50;
/** A slow instance takes so many times as long for each piece of work, or so much longer where that is more. */
const SLOW = { times: 5, least: 1_000 };
/** For each place so many tasks, in so large jobs; it does harm while as many wait for each place. */
const STORM = { perPlace: 800, mostTasks: 20_000, tasks: 1_000, seconds: 0.2, harms: 10 };
/** Whoever injects; no agent of a user can be called so. */
export const CHAOS_AGENT = 'chaos injector';
const CHAOS_ACTOR = { kind: 'agent', id: CHAOS_AGENT } as const;

export function agentFaults({ supervisor, jobs, waiting, places, clock }: AgentFaultsParts): InjectionKind[] {
  const working = (): string[] =>
    supervisor
      .agents()
      .filter(({ state }) => state === 'ready' || state === 'busy')
      .map(({ id }) => id);
  const snapshotOf = (id: string) => supervisor.agents().find((agent) => agent.id === id);
  const works = (id: string): boolean => working().includes(id);
  const crashing = (id: string): Pick<Injection, 'harms' | 'inject'> => {
    let isOver = false;
    return {
      harms: () => !isOver || !works(id),
      inject: async () => {
        const timer = clock.every(CRASH_EVERY, () => {
          if (works(id)) supervisor.provoke(id, 'crash');
          else if (!['restarting', 'starting'].includes(snapshotOf(id)?.state ?? '')) {
            isOver = true;
            timer.cancel();
          }
        });
        supervisor.provoke(id, 'crash');
        return () => timer.cancel();
      },
    };
  };
  const why = (): string => 'no agent of this node works';
  const tasks = () => ['tasks'];
  return [
    {
      ...{ name: 'agent-crashed', fault: 'agent-crashed', lasts: 30_000, targets: working, why },
      does: 'has an agent crash whenever it works, until its supervisor sets it aside; then the cause is gone',
      at: (id, lasts) => ({
        ...{ fault: 'agent-crashed', subject: `agent/${id}`, target: id, lasts },
        ...crashing(id),
      }),
    },
    {
      ...{ name: 'agent-hung', fault: 'agent-hung', lasts: 30_000, targets: working, why },
      does: 'has an agent give no sign of life and answer no letter',
      at: (id, lasts) => {
        let restarts: number | undefined;
        return {
          ...{ fault: 'agent-hung', subject: `agent/${id}`, target: id, lasts },
          harms: () => snapshotOf(id)?.restarts === restarts || !works(id),
          inject: async () => {
            restarts = snapshotOf(id)?.restarts;
            supervisor.provoke(id, 'hang');
            // The instance that hangs is given up by its supervisor; there is nothing to take back.
            return () => {};
          },
        };
      },
    },
    {
      ...{ name: 'agent-slow', fault: 'agent-slow', lasts: 60_000 },
      does: `has an agent take ${SLOW.times} times as long for its work, a second longer at least, until it is restarted`,
      targets: () => working().filter((id) => supervisor.serviceTimes.pace(id) !== undefined),
      why: () => 'no agent of this node has done enough lately for its usual pace to be known',
      at: (id, lasts) => {
        const restarts = snapshotOf(id)?.restarts;
        const isSame = (): boolean => snapshotOf(id)?.restarts === restarts;
        return {
          ...{ fault: 'agent-slow', subject: `agent/${id}`, target: id, lasts },
          harms: () => isSame() && works(id),
          inject: async () => {
            const pace = supervisor.serviceTimes.pace(id) ?? 0;
            supervisor.provoke(id, { slow: Math.max(SLOW.least, (SLOW.times - 1) * pace) });
            return () => {
              if (isSame() && works(id)) supervisor.provoke(id, { slow: 0 });
            };
          },
        };
      },
    },
    {
      ...{ name: 'task-storm', fault: 'task-storm', lasts: 30_000, targets: tasks },
      does: `submits ${STORM.perPlace} small tasks at once for each place of the network`,
      at: (target, lasts) => ({
        ...{ fault: 'task-storm', subject: 'node', target, lasts },
        harms: () => waiting() >= STORM.harms,
        inject: async () => {
          const submitted: string[] = [];
          const undo = async (): Promise<void> => {
            // Those that have ended meanwhile cannot be cancelled.
            await Promise.all(submitted.map((id) => jobs.cancelJob(id, CHAOS_ACTOR).catch(() => {})));
          };
          try {
            const most = Math.min(STORM.mostTasks, STORM.perPlace * places());
            for (let left = most; left > 0; left -= STORM.tasks) {
              const tasks = stormTasks(Math.min(left, STORM.tasks));
              const { id } = await jobs.submitJob({ name: 'chaos: task storm', tasks }, CHAOS_ACTOR);
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

const stormTasks = (length: number) =>
  Array.from({ length }, (_, index) => ({
    ...{ id: `t${index}`, kind: 'wait', input: { seconds: STORM.seconds }, seconds: STORM.seconds },
  }));
