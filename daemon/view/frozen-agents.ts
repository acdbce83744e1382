// Agents as the view shows them, with what the oracle of this node says of each.

import { keyOfActor } from '../../agents/oracle/actor.ts';
import type { Frozen } from '../../agents/oracle/bans.ts';
import type { AgentView } from './schema.ts';

/** @param frozen what is said of an actor of the network, or of its whole node; undefined while it is free */
export function withFrozen(
  agents: readonly AgentView[],
  frozen: (actor: string) => Pick<Frozen, 'at' | 'reason'> | undefined,
  self: string,
): AgentView[] {
  return agents.map((agent) => {
    const found = frozen(keyOfActor({ kind: 'agent', id: agent.id }, self));
    return found === undefined ? agent : { ...agent, frozen: { since: found.at, reason: found.reason } };
  });
}
