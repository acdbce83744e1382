// This node's membership in its network, as operators see and change it.

import type { Clock } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { RotationView } from '../mesh/membership/registrar.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { MembershipFigures } from './telemetry/samples.ts';
import type { KeyRotationView } from './view/network-schema.ts';
import type { NetworkActions } from './view/view.ts';

export function networkActions(mesh: Mesh): NetworkActions {
  return {
    createInvite: ({ expiresInSeconds, name }) =>
      mesh.createInvite({ expiresIn: expiresInSeconds * 1000, ...(name === undefined ? {} : { name }) }),
    joinNetwork: async (token) => {
      const { id, name } = await mesh.joinNetwork(token);
      return { network: { id, name } };
    },
    removeMember: (id) => mesh.revoke(id),
    readmitPeer: async (id, by) => mesh.readmit(id, by),
    networkMembers: async () => mesh.members(),
    rotateKey: async () => viewOf(await mesh.rotateKey()),
    network: async () => {
      const network = mesh.network();
      if (network === undefined) throw new ParlmeshError('MESH_NOT_RUNNING', 'The mesh is not running');
      const { issuedAt, expiresAt, key, rotation, problem } = mesh.membership();
      return {
        ...network,
        certificate: { issuedAt, expiresAt },
        key: { ...key, ...(rotation !== undefined && { rotation: viewOf(rotation) }) },
        ...(problem !== undefined && { problem }),
      };
    },
  };
}

/** Undefined while the mesh does not run. */
export function membershipFigures(mesh: Mesh, clock: Clock): MembershipFigures | undefined {
  if (mesh.network() === undefined) return undefined;
  const { expiresAt, key, rotation } = mesh.membership();
  return {
    certificateSeconds: (expiresAt - clock.wall()) / 1000,
    keyNumber: key.number,
    withoutKey: rotation?.missing.length,
    requests: mesh.registrarCounts(),
  };
}

const viewOf = ({ completedAt, ...rotation }: RotationView): KeyRotationView => ({
  ...rotation,
  ...(completedAt !== undefined && { completedAt }),
});
