// Serf agents with their default profile for local networks.

import { createInterface } from 'node:readline';
import { monotonic, Running, until } from '../rig/processes.ts';
import type { Program } from './group.ts';
import type { Observation } from './observations.ts';

const FIRST_GOSSIP_PORT = 7900;
const FIRST_RPC_PORT = 7300;
/** Agents keep telling of joins a moment after the last was heard. */
const JOIN_LIMIT = 60_000;

const EVENT = /EventMember(Failed|Join|Leave|Reap): (\S+)/;

export const serf: Program = {
  name: 'Serf',
  needs: { program: 'serf', debianPackage: 'serf' },
  start: async (rig, count) => {
    const observations: Observation[] = [];
    const members = Array.from({ length: count }, (_, index) => `n${index}`);
    const agents = members.map((name, index) => {
      const agent = new Running(
        [
          ...rig.inside(0),
          'serf',
          'agent',
          `-node=${name}`,
          `-bind=127.0.0.1:${FIRST_GOSSIP_PORT + index}`,
          `-rpc-addr=127.0.0.1:${FIRST_RPC_PORT + index}`,
          ...(index === 0 ? [] : [`-retry-join=127.0.0.1:${FIRST_GOSSIP_PORT}`, '-retry-interval=1s']),
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      createInterface({ input: agent.child.stdout! }).on('line', (line) => {
        const [, event, about] = EVENT.exec(line) ?? [];
        if (about === undefined || about === name) return;
        observations.push({ at: monotonic(), observer: name, about, gone: event !== 'Join' });
      });
      return agent;
    });
    await until('every agent knows every other', JOIN_LIMIT, () => {
      const joins = new Set(observations.map(({ observer, about }) => `${observer} ${about}`));
      return joins.size === count * (count - 1);
    });
    return {
      members,
      pids: agents.map(({ child }) => child.pid!),
      observations,
      signal: (member, signal) => agents[members.indexOf(member)]!.child.kill(signal),
      stop: async () => {
        await Promise.all(agents.map((agent) => agent.stop('SIGKILL')));
      },
    };
  },
};
