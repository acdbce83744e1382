// What befalls a node while it works on a job: what kind of task is hit, and how.

import type { TaskSpec } from '../../agents/swarm/job-spec.ts';
import type { RunningNode, WorkingNetwork } from './network.ts';

export interface Fault {
  name: string;
  what: 'agent killed' | 'agent hung' | 'node killed';
  /** Whether the node that placed the tasks is hit, or one that only works. */
  hits: 'home' | 'worker';
  /** Seconds from the fault to the work being resumed that are allowed. */
  target: number;
  task(seconds: number): Omit<TaskSpec, 'id'>;
  strike(network: WorkingNetwork, node: RunningNode): Promise<void>;
}

const TARGET = { agent: 1, node: 2 };
const wait = (seconds: number) => ({ kind: 'wait', input: { seconds }, seconds });
const module = (seconds: number) => ({ kind: 'module', input: { module: 'nap', input: { seconds } }, seconds });
const exec = (seconds: number) => ({ kind: 'exec', input: { command: 'nap', args: [String(seconds)] }, seconds });
/** The process of a module itself, not what shuts it in. */
const MODULE = /^\S*node \S*--permission/;
const COMMAND = /^\S*sleep /;

export const FAULTS: readonly Fault[] = [
  {
    ...{ name: 'job workers end', what: 'agent killed', hits: 'worker', target: TARGET.agent, task: wait },
    strike: async (network, node) => {
      const agents = await node.node.get<{ id: string; kind: string; state: string }[]>('agents');
      const busy = agents.filter(({ kind, state }) => kind === 'job-worker' && state === 'busy');
      await Promise.all(busy.map(({ id }) => network.restartAgent(node, id)));
    },
  },
  {
    ...{ name: 'module killed', what: 'agent killed', hits: 'worker', target: TARGET.agent, task: module },
    strike: async (network, node) => void network.signal(node, MODULE, 'SIGKILL'),
  },
  {
    ...{ name: 'command killed', what: 'agent killed', hits: 'worker', target: TARGET.agent, task: exec },
    strike: async (network, node) => void network.signal(node, COMMAND, 'SIGKILL'),
  },
  {
    ...{ name: 'module hung', what: 'agent hung', hits: 'worker', target: TARGET.agent, task: module },
    strike: async (network, node) => void network.signal(node, MODULE, 'SIGSTOP'),
  },
  {
    ...{ name: 'worker killed', what: 'node killed', hits: 'worker', target: TARGET.node, task: wait },
    strike: (network, node) => network.kill(node),
  },
  {
    ...{ name: 'home killed', what: 'node killed', hits: 'home', target: TARGET.node, task: wait },
    strike: (network, node) => network.kill(node),
  },
];
