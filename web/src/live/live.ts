// What the page knows of the node: one signal per snapshot. The stream begins with the present state of each and goes
// on with every change; lists that grow (events, observations, charts) are fetched when it opens.

import { batch, type Signal, signal } from '@preact/signals';
import type { JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import type { AnomaliesView } from '../../../daemon/view/anomaly-schema.ts';
import type { FederationView } from '../../../daemon/view/federation-schema.ts';
import type { IncidentView } from '../../../daemon/view/incident-schema.ts';
import type { PolicyView } from '../../../daemon/view/policy-schema.ts';
import type { RouteChangeView, RouteView } from '../../../daemon/view/route-schema.ts';
import type {
  AgentView,
  CameraView,
  EventView,
  HardwareView,
  LinkView,
  NodeView,
  ObservationView,
  PeerView,
  TopologyView,
} from '../../../daemon/view/schema.ts';
import { findAccess } from './access.ts';
import { ApiError, get, loginNeeded, STREAM_URL } from './api.ts';
import { addSamples, fetchHistory } from './history.ts';
import { mergeChanges, mergeEvents, mergeJobs, mergeObservations } from './merge.ts';
import { noticeChanges } from './moment.ts';
import { follow } from './stream.ts';
import type { ChangeTopic } from './topics.ts';

/** Most events and observations held in the page; older events are fetched, and then kept, when asked for. */
const MOST_EVENTS = 1_000;
const MOST_OBSERVATIONS = 200;
const MOST_JOBS = 500;

export const node = signal<NodeView>();
export const hardware = signal<HardwareView>();
export const peers = signal<PeerView[]>();
export const links = signal<LinkView[]>();
export const routes = signal<RouteView[]>();
/** Newest first. */
export const routeLog = signal<RouteChangeView[]>();
export const topology = signal<TopologyView>();
export const agents = signal<AgentView[]>();
export const cameras = signal<CameraView[]>();
export const swarm = signal<SwarmView>();
export const policy = signal<PolicyView>();
export const federation = signal<FederationView>();
/** Those that are not over first, newest first. */
export const incidents = signal<IncidentView[]>();
export const anomalies = signal<AnomaliesView>();
/** Newest submission first. */
export const jobs = signal<JobView[]>();
export const observations = signal<ObservationView[]>();
export const events = signal<EventView[]>();

/** `lost` keeps the time of the last word from the node, for the banner. */
export type Connection = { kind: 'connecting' } | { kind: 'live' } | { kind: 'lost'; heardAt: number | undefined };
export const connection = signal<Connection>({ kind: 'connecting' });

/** Why nothing could be loaded, when nothing is shown yet. */
export const loadError = signal<string>();

const SNAPSHOTS = {
  ...{ node, hardware, peers, links, routes, topology, agents, cameras, swarm, policy, federation },
  ...{ incidents, anomalies },
} satisfies Partial<Record<ChangeTopic, Signal>>;
type SnapshotTopic = keyof typeof SNAPSHOTS;

let heardAt: number | undefined;

let stop: (() => void) | undefined;

/** Starts following the node, anew where it already did (after a log-in). A stranger is asked to log in instead. */
export async function start(): Promise<void> {
  stop?.();
  stop = undefined;
  await askAccess();
  if (loginNeeded.value) return;
  stop = follow(STREAM_URL, {
    opened: () => {
      heardAt = Date.now();
      connection.value = { kind: 'live' };
      void refetch();
    },
    changed: apply,
    lost: () => {
      if (connection.value.kind !== 'lost') connection.value = { kind: 'lost', heardAt };
      // A refused stream does not say why; this call does: the log-in ran out, or the node is not there.
      void askAccess().then(() => {
        if (loginNeeded.value) stop?.();
      });
    },
  });
}

async function askAccess(): Promise<void> {
  try {
    await findAccess();
  } catch (error) {
    tellFailure(error);
  }
}

/** Fetches what the stream does not begin with: the journal and observations so far, and the charts' last hour. */
async function refetch(): Promise<void> {
  try {
    const [newEvents, newObservations, newJobs] = await Promise.all([
      get<EventView[]>('/events?limit=100'),
      get<ObservationView[]>('/observations?limit=50'),
      get<JobView[]>('/jobs?limit=100'),
      fetchHistory(),
    ]);
    batch(() => {
      addEvents(newEvents);
      observations.value = mergeObservations(observations.value ?? [], newObservations, MOST_OBSERVATIONS);
      // What the node has forgotten goes from the page too.
      const ids = new Set(newJobs.map(({ id }) => id));
      jobs.value = mergeJobs(newJobs, jobs.value?.filter(({ id }) => ids.has(id)) ?? [], MOST_JOBS);
      loadError.value = undefined;
    });
  } catch (error) {
    tellFailure(error);
  }
}

function tellFailure(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  if (error.status !== 401) loadError.value = error.message;
}

/** Events before the oldest one shown; returns how many came. */
export async function loadOlderEvents(): Promise<number> {
  const oldest = events.value?.at(-1)?.id;
  if (oldest === undefined) return 0;
  const older = await get<EventView[]>(`/events?before=${oldest}&limit=100`);
  addEvents(older, (events.value?.length ?? 0) + older.length);
  return older.length;
}

function addEvents(incoming: readonly EventView[], most = MOST_EVENTS): void {
  const list = events.value ?? [];
  events.value = mergeEvents(list, incoming, Math.max(most, list.length));
}

function apply(topic: ChangeTopic, value: unknown): void {
  heardAt = Date.now();
  batch(() => {
    if (topic === 'event') addEvents([value as EventView]);
    else if (topic === 'observation') {
      const list = observations.value ?? [];
      observations.value = mergeObservations(list, [value as ObservationView], MOST_OBSERVATIONS);
    } else if (topic === 'job') jobs.value = mergeJobs(jobs.value ?? [], [value as JobView], MOST_JOBS);
    else if (topic === 'routeLog') addChanges(value as RouteChangeView[]);
    else set(topic, value);
  });
}

function addChanges(newest: RouteChangeView[]): void {
  routeLog.value = mergeChanges(routeLog.value ?? [], newest);
  noticeChanges(routeLog.value);
}

/** Changes of routes before the oldest one shown, or all of one destination; newest first. */
export async function olderChanges(before: number, destination: string | undefined): Promise<RouteChangeView[]> {
  const only = destination === undefined ? '' : `&node=${encodeURIComponent(destination)}`;
  return get<RouteChangeView[]>(`/routes/log?before=${before}&limit=50${only}`);
}

/** The node's schemas promise the shape: page and daemon come from one release, and a stale page is reloaded. */
function set(topic: SnapshotTopic, value: unknown): void {
  (SNAPSHOTS[topic] as Signal<unknown>).value = value;
  if (topic === 'hardware' && hardware.value !== undefined) addSamples(hardware.value);
}
