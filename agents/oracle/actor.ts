// Actors as text: how orders, the audit log and people name who acts, and where it lives.

import type { Actor } from '../authorizer.ts';

/** The node itself, with all who act on it. */
export const WHOLE_NODE = '*';

/** `agent/camera/north`: its name on its own node. */
export function nameOfActor(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `operator/${actor.name}`;
    case 'client':
      // Names can be given twice.
      return `client/${actor.name}/${actor.tokenId}`;
    case 'peer':
      return WHOLE_NODE;
    default:
      return `${actor.kind}/${actor.id}`;
  }
}

/** `agent/camera/north@12D3Koo…`: its name in the network. */
export function keyOfActor(actor: Actor, self: string): string {
  return actorKey(nameOfActor(actor), actor.kind === 'peer' ? actor.node : self);
}

export function actorKey(name: string, node: string): string {
  return `${name}@${node}`;
}

export function nodeOfKey(key: string): string {
  return key.slice(key.lastIndexOf('@') + 1);
}
