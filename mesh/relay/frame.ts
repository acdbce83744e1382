// The frames that the relay carries: what they may look like, and why one is dropped.

import { create } from '@bufbuild/protobuf';
import type { NodeId } from '../membership/keys.ts';
import { type RelayFrame, RelayFrameSchema } from '../wire/generated/parlmesh_pb.ts';

export type FrameBody = Exclude<RelayFrame['body'], { case: undefined }>;

/** Hops that a frame may take. The longest shortest path of a network of a thousand nodes in a grid is about 62. */
export const MAX_HOPS = 64;
/** Of one stream segment or message; a frame around it stays far below the transports' limit. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

const MAX_ID_LENGTH = 128;
const SESSION_BYTES = 16;
const MAX_BOX_BYTES = MAX_PAYLOAD_BYTES + 1024;

export const RELAY_DROP_REASONS = [
  'malformed',
  'ttl',
  'loop',
  'no-route',
  'rate',
  'queue',
  'link',
  'unsealed',
  'replay',
  'refused',
  'full',
] as const;
/**
 * Why a frame went no further: it broke the format; its hops were used up; it would have gone back where it came from;
 * there is no way; its origin says too much; the queue to the next hop is full; the link to it ended; it does not open;
 * it came before; whoever sent it may not; there is no room for another stream or session.
 */
export type RelayDropReason = (typeof RELAY_DROP_REASONS)[number];

/** Which nodes a frame must pass, and a direct answer to it; the next node first, the last node included. */
export interface Way {
  path: readonly NodeId[];
  back: readonly NodeId[];
}

export function makeFrame(
  head: { origin: NodeId; destination: NodeId; control: boolean; ttl?: number } & Partial<Way>,
  body: FrameBody,
): RelayFrame {
  const { path = [], back = [], ttl = MAX_HOPS } = head;
  return create(RelayFrameSchema, { ...head, path: [...path], back: [...back], ttl, body });
}

/** About what a frame takes on the wire and in a queue, without encoding it once more. */
export function frameBytes({ path, back, body }: RelayFrame): number {
  return 160 + (path.length + back.length) * 54 + (body.case === 'sealed' ? body.value.box.length : 512);
}

/** Whether a decoded frame keeps to the limits; whoever sent it may be a liar. */
export function isSound({ origin, destination, ttl, path, back, body }: RelayFrame): boolean {
  if (!isId(origin) || !isId(destination) || ttl > MAX_HOPS) return false;
  if (![path, back].every((way) => way.length <= MAX_HOPS && way.every(isId))) return false;
  switch (body.case) {
    case 'greeting':
      return body.value.session.length === SESSION_BYTES && body.value.share.length === 32;
    case 'sealed':
      return body.value.session.length === SESSION_BYTES && body.value.box.length <= MAX_BOX_BYTES;
    case 'trace':
      return true;
    case 'notice':
      return body.value.kind.length <= 16 && body.value.session.length <= SESSION_BYTES;
    default:
      // What a later version says is carried on all the same; it is dropped where it should be understood.
      return true;
  }
}

const isId = (id: string): boolean => id.length > 0 && id.length <= MAX_ID_LENGTH;
