// The metrics of what agents and tasks work with: letters, modules, the threads that compute, pictures, and blobs.

import type { CommunicationCounters } from '../../agents/communication/communication.ts';
import type { ModuleFigures } from '../../agents/module/modules.ts';
import type { ThreadPoolFigures } from '../../agents/pool/thread-pool.ts';
import type { BlobExchangeStatus } from '../../agents/swarm/blobs/blob-exchange.ts';
import type { BlobStatus } from '../../agents/swarm/blobs/blob-store.ts';
import type { FrameHelpFigures } from '../../agents/swarm/frame-help.ts';
import type { TextReaderFigures } from '../../vision/ocr/text-reader.ts';
import { byKey, type Family, sampleOf } from './samples.ts';

export interface WorkFigures {
  letters: CommunicationCounters;
  modules: ModuleFigures;
  pool: ThreadPoolFigures;
  frames: FrameHelpFigures;
  texts: TextReaderFigures;
  blobs: BlobStatus & BlobExchangeStatus & { speeds: readonly [node: string, bytesPerSecond: number][] };
}

export const workFamilies: Family[] = [
  counter('letters_sent', 'Letters that agents of this node wrote.', ({ letters }) => letters.sent),
  counter('letters_received', 'Letters that came into a mailbox of this node.', ({ letters }) => letters.delivered),
  {
    name: 'parlmesh_letters_refused_total',
    type: 'counter',
    help: 'Letters that were refused here or elsewhere, by code.',
    labels: ['code'],
    read: ({ work }) => (work === undefined ? [] : byKey(work.letters.refused)),
  },
  gauge('module_processes', 'Processes of modules that run.', ({ modules }) => modules.running),
  counter('module_processes_opened', 'Processes of modules that were started.', ({ modules }) => modules.opened),
  {
    name: 'parlmesh_module_restarts_total',
    type: 'counter',
    help: 'Restarts of the agents of a module.',
    labels: ['module'],
    read: ({ agents }) =>
      agents.flatMap(({ kind, restarts }) =>
        kind.startsWith('module.') ? sampleOf(restarts, kind.slice('module.'.length)) : [],
      ),
  },
  counter('module_denied', 'Times that a module tried what it is not granted.', ({ modules }) => modules.denied),
  gauge('pool_running', 'Tasks that compute in a thread of the pool.', ({ pool }) => pool.running),
  gauge('pool_waiting', 'Tasks that wait for a thread of the pool.', ({ pool }) => pool.waiting),
  counter('pool_tasks', 'Tasks that got a thread of the pool.', ({ pool }) => pool.begun),
  counter(
    'pool_wait_seconds',
    'Seconds that tasks waited for a thread; by their number, the mean.',
    ({ pool }) => pool.waitedSeconds,
  ),
  counter('frames_handed_on', 'Frames that other nodes searched for this one.', ({ frames }) => frames.handedOn),
  counter('frames_taken', 'Frames that this node searched for others.', ({ frames }) => frames.taken),
  counter('frames_help_failed', 'Frames that nobody searched in time.', ({ frames }) => frames.failed),
  counter('texts_read', 'Pictures whose text was read.', ({ texts }) => texts.read),
  counter('texts_failed', 'Pictures whose text could not be read.', ({ texts }) => texts.failed),
  counter('texts_seconds', 'Seconds that reading text took; by the pictures, the mean.', ({ texts }) => texts.seconds),
  gauge('texts_waiting', 'Pictures that wait for their text to be read.', ({ texts }) => texts.waiting),
  gauge('blob_bytes', 'Bytes of all blobs that are kept here.', ({ blobs }) => blobs.bytes),
  gauge('blob_capacity_bytes', 'Bytes that blobs may take here.', ({ blobs }) => blobs.mostBytes),
  counter('blob_receive_bytes', 'Bytes of blobs that came from other nodes.', ({ blobs }) => blobs.fetchedBytes),
  counter('blob_transmit_bytes', 'Bytes of blobs that went to other nodes.', ({ blobs }) => blobs.givenBytes),
  {
    name: 'parlmesh_blob_requests_refused_total',
    type: 'counter',
    help: 'Requests of other nodes for blobs that were turned down, by reason.',
    labels: ['reason'],
    read: ({ work }) => (work === undefined ? [] : byKey(work.blobs.refused)),
  },
  counter('blob_wrong', 'Times that a node sent bytes that were not the blob’s.', ({ blobs }) => blobs.lies),
  {
    name: 'parlmesh_blob_speed_bytes_per_second',
    type: 'gauge',
    help: 'How fast blobs travel between this node and another, smoothed; absent until one did.',
    labels: ['peer'],
    read: ({ work, peers }) =>
      (work?.blobs.speeds ?? []).map(([node, speed]) => [speed, peers.find(({ id }) => id === node)?.name ?? node]),
  },
];

function counter(what: string, help: string, value: (figures: WorkFigures) => number): Family {
  return { ...gauge(what, help, value), name: `parlmesh_${what}_total`, type: 'counter' };
}

function gauge(what: string, help: string, value: (figures: WorkFigures) => number): Family {
  return {
    name: `parlmesh_${what}`,
    type: 'gauge',
    help,
    read: ({ work }) => (work === undefined ? [] : [[value(work)]]),
  };
}
