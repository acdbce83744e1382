// Links connected anew and avoided, peers shut out.

import type { RepairHands } from '../../../agents/mapek/action.ts';
import type { Symptom } from '../../../agents/mapek/symptom.ts';
import type { Mesh } from '../../../mesh/mesh.ts';

export interface MeshHandsParts {
  mesh: Pick<
    Mesh,
    'links' | 'peers' | 'resetLink' | 'avoid' | 'isolate' | 'readmit' | 'isIsolated' | 'topology' | 'id'
  >;
}

export function meshHands({ mesh }: MeshHandsParts): RepairHands {
  const nameOf = (id: string): string => mesh.peers().find((peer) => peer.id === id)?.name ?? `…${id.slice(-8)}`;
  const isNeighbour = (id: string): boolean => mesh.links().some(({ peer }) => peer === id);
  return {
    'link.reset': {
      precondition: (symptom) => {
        // Of a network that is cut in two, every link that is down.
        if (symptom.subject === 'node')
          return downLinks(mesh).length > 0 || 'no link is down that could be connected anew';
        const peer = peerOf(symptom);
        if (peer === undefined) return `${symptom.subject} is no link`;
        return isNeighbour(peer) || `there is no direct link to ${nameOf(peer)}`;
      },
      carryOut: async (symptom) => {
        const peers = symptom.subject === 'node' ? downLinks(mesh) : [peerOf(symptom)!];
        for (const peer of peers) mesh.resetLink(peer);
        return `${peers.map(nameOf).join(', ')}: the connections were given up and all addresses are dialled anew`;
      },
    },
    'route.avoid': {
      precondition: (symptom) => {
        const peer = peerOf(symptom);
        if (peer === undefined) return `${symptom.subject} is no link`;
        if (!isNeighbour(peer)) return `there is no direct link to ${nameOf(peer)}`;
        return hasDetour(mesh, peer) || `there is no other way than the link to ${nameOf(peer)}`;
      },
      carryOut: async (symptom) => {
        mesh.avoid(peerOf(symptom)!, true);
        return `The link to ${nameOf(peerOf(symptom)!)} is a last resort from now on`;
      },
      undo: async (symptom) => mesh.avoid(peerOf(symptom)!, false),
    },
    'peer.quarantine': {
      precondition: (symptom) => {
        const peer = peerOf(symptom);
        return (peer !== undefined && peer !== mesh.id) || `${symptom.subject} is no other node`;
      },
      carryOut: async (symptom) => {
        const [seen = symptom.cause] = symptom.evidence;
        mesh.isolate(peerOf(symptom)!, seen);
        const name = nameOf(peerOf(symptom)!);
        return `Nothing is taken from ${name} by this node until it starts anew or somebody lets it in again (parlmesh peers readmit)`;
      },
      undo: async (symptom) => {
        // People may have been quicker.
        if (mesh.isIsolated(peerOf(symptom)!)) mesh.readmit(peerOf(symptom)!, 'the self-healing');
      },
    },
  };
}

const peerOf = ({ subject }: Pick<Symptom, 'subject'>): string | undefined =>
  /^(?:link|peer)\/(.+)$/.exec(subject)?.[1];

const downLinks = (mesh: MeshHandsParts['mesh']): string[] =>
  mesh
    .links()
    .filter(({ state }) => state === 'down')
    .map(({ peer }) => peer);

/** Whether the peer can be reached over others, by the links that nodes tell of. */
function hasDetour(mesh: MeshHandsParts['mesh'], peer: string): boolean {
  const neighbours = new Map<string, string[]>();
  const { id } = mesh;
  for (const { a, b, state } of mesh.topology().links) {
    if (state === 'down' || (a === id && b === peer) || (a === peer && b === id)) continue;
    neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
    neighbours.set(b, [...(neighbours.get(b) ?? []), a]);
  }
  const seen = new Set([id]);
  const edge = [id];
  for (let at = edge.pop(); at !== undefined; at = edge.pop()) {
    for (const next of neighbours.get(at) ?? []) {
      if (next === peer) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      edge.push(next);
    }
  }
  return false;
}
