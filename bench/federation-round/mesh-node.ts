// A node of the bench with a mesh on loopback, elected leadership and nothing else of a daemon.

import { Value } from 'typebox/value';
import { CoordinatorElection } from '../../agents/federation/election/coordinator-election.ts';
import { silentLogger } from '../../core/logger.ts';
import { MeshAgentNetwork } from '../../daemon/agent-network.ts';
import { systemClock, systemRandom } from '../../daemon/clock.ts';
import { relayPolicy } from '../../daemon/remote-nodes.ts';
import { MeshConfig } from '../../mesh/config.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { MemoryState } from '../../mesh/membership/state.ts';
import { Mesh } from '../../mesh/mesh.ts';
import { BenchKeys } from './federation-node.ts';

/** Name of the node whose seat it is. */
export const LEAD = 'n0';

export interface MeshNodeParts {
  mesh: Mesh;
  network: MeshAgentNetwork;
  keys: BenchKeys;
  leadership: CoordinatorElection;
}

/** What takes part is to be made before `begin`. */
export function makeMeshNode(name: string): MeshNodeParts {
  const parts = { clock: systemClock, random: systemRandom(), journal: { record: () => {} }, logger: silentLogger };
  const config = Value.Default(MeshConfig, {});
  if (!Value.Check(MeshConfig, config)) throw new Error('the defaults of the mesh settings are not valid');
  const key = SigningKey.generate();
  const mesh = new Mesh({
    ...parts,
    config: { ...config, listen: ['/ip4/127.0.0.1/tcp/0'], enrolPort: 0, mdns: false, preset: 'wired' },
    ...{ listenIsExplicit: true, key, name, version: '0.0.0-bench', state: new MemoryState() },
    authorize: relayPolicy([]),
    summary: () => ({ profile: 'generic-x64', load: 0 }),
  });
  const network = new MeshAgentNetwork(mesh, systemClock);
  let kept: unknown;
  const leadership = new CoordinatorElection({
    ...{ network, name, clock: systemClock, journal: parts.journal },
    notebook: {
      read: async () => kept,
      write: async (document) => {
        kept = document;
      },
    },
    stability: () => 0.5,
    mayCoordinate: () => true,
    config: { coordinator: LEAD, candidate: name === LEAD, lease: 3 },
  });
  return { mesh, network, keys: new BenchKeys(key, new Map()), leadership };
}

/** @param token of a network to join; without it the node makes its own */
export async function begin({ mesh, leadership }: MeshNodeParts, token?: string): Promise<void> {
  const { signal } = new AbortController();
  await mesh.start(signal);
  if (token !== undefined) await mesh.joinNetwork(token);
  await leadership.start(signal);
}
