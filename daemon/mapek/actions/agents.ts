// Agents restarted and set aside; work handed back and not taken on; what uses most memory restarted.

import { readdirSync, readFileSync } from 'node:fs';
import type { RepairHands } from '../../../agents/mapek/action.ts';
import type { Symptom } from '../../../agents/mapek/symptom.ts';
import type { Supervisor } from '../../../agents/supervisor.ts';
import type { SwarmOrchestrator } from '../../../agents/swarm/orchestrator.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { VisionProcessor } from '../../../vision/processor.ts';
import type { Relief } from '../relief.ts';

export interface AgentHandsParts {
  supervisor: Pick<Supervisor, 'agents' | 'restart' | 'setAside'>;
  vision: Pick<VisionProcessor, 'giveWay' | 'takeUpAgain' | 'cameras'>;
  backlog: Pick<SwarmOrchestrator['backlog'], 'setBack' | 'takeUpAgain'>;
  relief: Relief;
  /** Whether this node carries out tasks, or has some that wait. */
  hasTasks: () => boolean;
  /** The relief changed: the swarm is to know now. */
  relieved: () => void;
}

const TASKS_SHED_FOR = 60_000;
const LOAD_SHED_FOR = 10 * 60_000;
/** Share of the places for tasks that is given up: 1 - (1 - 0.75) · 2 = a half. */
const LOAD_SHED = 0.75;
const NOTHING = { jobs: 0, tasks: 0, by: [] };
const PAGE = 4_096;
/** Restarting what has less gives nothing back. */
const LEAST_BYTES = 30_000_000;

export function agentHands(parts: AgentHandsParts): RepairHands {
  const { supervisor, vision, backlog, relief, relieved, hasTasks } = parts;
  const known = (symptom: Symptom): true | string => {
    const id = agentOf(symptom);
    if (id === undefined) return `${symptom.subject} is no agent`;
    return supervisor.agents().some((agent) => agent.id === id) || `there is no agent ${id} any more`;
  };
  const peersOf = (symptom: Symptom): number => {
    const agents = supervisor.agents().filter(({ state }) => state === 'ready' || state === 'busy');
    const kind = agents.find(({ id }) => id === agentOf(symptom))?.kind;
    return agents.filter((agent) => agent.kind === kind && agent.id !== agentOf(symptom)).length;
  };
  const isJobWorker = (symptom: Symptom): boolean =>
    supervisor.agents().some(({ id, kind }) => kind === 'job-worker' && id === agentOf(symptom));
  const endRelief = async (): Promise<void> => {
    relief.end();
    relieved();
  };
  return {
    'agent.restart': {
      precondition: known,
      carryOut: async (symptom) => {
        await supervisor.restart(agentOf(symptom)!);
        return `Agent ${agentOf(symptom)} was restarted and came up`;
      },
    },
    // Not taken back when people are asked next: what fails without end stays away until they decide.
    'agent.quarantine': {
      precondition: (symptom) => {
        if (agentOf(symptom)?.startsWith('camera/')) return 'the agent of a camera is the camera’s own';
        if (symptom.fault === 'agent-slow' && peersOf(symptom) === 0) return 'nobody else here does its work';
        return known(symptom);
      },
      carryOut: async (symptom) => {
        await supervisor.setAside(agentOf(symptom)!);
        return `Agent ${agentOf(symptom)} was stopped and stays so until somebody restarts it`;
      },
    },
    'task.shed': {
      precondition: (symptom) => {
        if (!hasTasks()) return 'this node has no tasks now';
        return !isJobWorker(symptom) || 'the others that carry out tasks here are not slow: it is not the load';
      },
      carryOut: async ({ fault }) => {
        const { jobs, tasks, by } = fault === 'task-storm' ? backlog.setBack(TASKS_SHED_FOR) : NOTHING;
        // What waits here is not less when this node works less.
        if (jobs > 0) {
          return `${jobs} jobs with ${tasks} waiting tasks go last; ${by.slice(0, 3).join(', ')} can submit none for ${TASKS_SHED_FOR / 1000} s`;
        }
        relief.ask(1, TASKS_SHED_FOR);
        relieved();
        return `No task is taken on for ${TASKS_SHED_FOR / 1000} s; those that waited were handed back`;
      },
      undo: async () => {
        backlog.takeUpAgain();
        await endRelief();
      },
    },
    'cpu.shed-load': {
      precondition: () => true,
      carryOut: async () => {
        relief.ask(LOAD_SHED, LOAD_SHED_FOR);
        relieved();
        vision.giveWay();
        return `Half of the places for tasks are given up and cameras are looked at less for ${LOAD_SHED_FOR / 60_000} min`;
      },
      undo: async () => {
        vision.takeUpAgain();
        await endRelief();
      },
    },
    'memory.restart-heaviest': {
      precondition: () => heaviestChild() !== undefined || 'nothing that could be restarted by itself has much memory',
      carryOut: async () => {
        const child = heaviestChild();
        if (child === undefined) throw new ParlmeshError('REPAIR_IMPOSSIBLE', 'it has ended meanwhile');
        // Whoever started it starts it again: a supervisor its agent, a camera its capture.
        process.kill(child.pid, 'SIGTERM');
        return `Process ${child.pid} (${child.name}) had ${Math.round(child.bytes / 1e6)} MB and was ended to be started anew`;
      },
    },
  };
}

/** `agent/checker-1` is agent checker-1; a camera's is called like the camera. */
const agentOf = ({ subject }: Pick<Symptom, 'subject'>): string | undefined =>
  subject.startsWith('agent/') ? subject.slice('agent/'.length) : undefined;

/** Of the processes that this one has started, the one with most memory of its own. */
function heaviestChild(): { pid: number; name: string; bytes: number } | undefined {
  let heaviest: { pid: number; name: string; bytes: number } | undefined;
  for (const pid of childrenOf(process.pid)) {
    try {
      const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
      const bytes = ((resident ?? 0) - (shared ?? 0)) * PAGE;
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      if (bytes >= LEAST_BYTES && bytes > (heaviest?.bytes ?? 0)) heaviest = { pid, name, bytes };
    } catch {
      // It has just ended.
    }
  }
  return heaviest;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    // A kernel without CONFIG_PROC_CHILDREN tells nothing.
    return [];
  }
}
