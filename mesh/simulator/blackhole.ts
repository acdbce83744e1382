// What a member hears and should pass on, and does not: the relay's frames of others.

import { fromBinary } from '@bufbuild/protobuf';
import type { NodeId } from '../membership/keys.ts';
import { PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';

/** Whether a message of a neighbour ends here. @param selective only those of every other pair of ends do */
export function swallowFrames(self: NodeId, selective: boolean): (bytes: Uint8Array) => boolean {
  return (bytes) => {
    const { kind } = fromBinary(PeerMessageSchema, bytes);
    if (kind.case !== 'relay' || kind.value.destination === self) return false;
    const { origin, destination } = kind.value;
    return !selective || (checksum(origin) + checksum(destination)) % 2 === 0;
  };
}

/** The same for both directions of a pair, when summed. */
const checksum = (id: NodeId): number => Buffer.from(id).reduce((sum, byte) => sum + byte, 0);
