// Where an agent is: `NODE/AGENT`, both ids as people see them (`12D3Koo…/camera/north`). Pure.

import { ParlmeshError } from '../../core/errors.ts';

export interface AgentAddress {
  node: string;
  agent: string;
}

const LONGEST = 257;

export function addressOf(node: string, agent: string): string {
  return `${node}/${agent}`;
}

/** Ids of agents hold slashes, ids of nodes do not. Throws `ADDRESS_INVALID`. */
export function parseAddress(text: string): AgentAddress {
  const slash = text.indexOf('/');
  const node = text.slice(0, slash);
  const agent = text.slice(slash + 1);
  if (slash <= 0 || agent === '' || text.length > LONGEST || /\s/.test(text)) {
    throw new ParlmeshError('ADDRESS_INVALID', `"${text.slice(0, 80)}" is no address of an agent`, {
      hint: 'an address is NODE/AGENT, with the ids that parlmesh peers and parlmesh agents show',
    });
  }
  return { node, agent };
}
