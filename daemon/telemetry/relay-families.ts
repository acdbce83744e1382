// The metrics of the relay: what it carries for others, what waits, what it drops and why.

import type { RelayCounters } from '../../mesh/relay/relay.ts';
import type { Family } from './samples.ts';

export const relayFamilies: Family[] = [
  counter('forwarded_frames', 'Frames of other nodes passed on.', ({ forwardedFrames }) => forwardedFrames),
  counter('forwarded_bytes', 'Bytes of frames of other nodes passed on.', ({ forwardedBytes }) => forwardedBytes),
  counter('sent_frames', 'Frames that this node sent over the relay.', ({ sentFrames }) => sentFrames),
  counter(
    'delivered_frames',
    'Frames that came over the relay for this node.',
    ({ deliveredFrames }) => deliveredFrames,
  ),
  counter(
    'rescued_frames',
    'Frames that waited for a link when it failed, and were sent another way.',
    ({ rescuedFrames }) => rescuedFrames,
  ),
  gauge('queued_bytes', 'Bytes of frames that wait for a neighbour.', ({ queuedBytes }) => queuedBytes),
  gauge('sessions', 'Nodes that this one shares keys with, end to end.', ({ sessions }) => sessions),
  gauge('streams', 'Open streams over the relay.', ({ streams }) => streams),
  {
    name: 'parlmesh_relay_dropped_frames_total',
    type: 'counter',
    help: 'Frames of the relay that went no further.',
    labels: ['reason'],
    read: ({ relay }) => Object.entries(relay?.drops ?? {}).map(([reason, count]) => [count, reason]),
  },
];

function counter(what: string, help: string, value: (counters: RelayCounters) => number): Family {
  return { ...gauge(what, help, value), name: `parlmesh_relay_${what}_total`, type: 'counter' };
}

function gauge(what: string, help: string, value: (counters: RelayCounters) => number): Family {
  return {
    name: `parlmesh_relay_${what}`,
    type: 'gauge',
    help,
    read: ({ relay }) => (relay === undefined ? [] : [[value(relay)]]),
  };
}
