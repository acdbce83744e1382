// The retained state of a node as MQTT messages: pure functions of the view. Each message has an essence, the part
// whose change is news; the rest (loads, round-trip times, frame counts) only moves with the state interval.

import type { JobView } from '../../agents/swarm/job-view.ts';
import type { EpisodeView, PlacesView } from '../view/correction-schema.ts';
import type { AgentView, CameraView, LinkView, NodeView, PeerView } from '../view/schema.ts';
import type { View } from '../view/view.ts';
import { anomaliesEssence, anomaliesState } from './anomaly-state.ts';
import { federationState } from './federation-state.ts';
import type { Availability, Topics } from './topics.ts';

export interface StateMessage {
  topic: string;
  payload: string | Uint8Array;
  /** Equal essences need no message before the state interval has passed. */
  essence: string;
}

/** The parts of the state that change together; named as the view's change topics. */
export const SECTIONS = [
  'node',
  'hardware',
  'peers',
  'links',
  'routes',
  'topology',
  'agents',
  'cameras',
  'places',
  'corrections',
  'anomalies',
  'incidents',
  'federation',
  'swarm',
  'job',
] as const;
export type Section = (typeof SECTIONS)[number];

/** Ended jobs that stay on the broker until newer ones take their place. */
const ENDED_JOBS = 10;
/** Running ones: beyond them a broker is not where one looks. */
const MOST_JOBS = 100;

export function isSection(topic: string): topic is Section {
  return SECTIONS.some((section) => section === topic);
}

/** The messages of one section, as the view shows it now. */
export function sectionMessages(section: Section, view: View, topics: Topics): StateMessage[] {
  switch (section) {
    case 'node':
      return [exact(topics.state, nodeState(view.node(), view.peers()))];
    case 'hardware': {
      const hardware = view.hardware();
      // No essence: measured values are never news by themselves.
      return hardware === undefined ? [] : [{ topic: topics.hardware, payload: JSON.stringify(hardware), essence: '' }];
    }
    case 'peers': {
      const peers = view.peers();
      return [measured(topics.peers, peers, peers.map(peerEssence))];
    }
    case 'links': {
      const links = view.links();
      return [measured(topics.links, links, links.map(linkEssence))];
    }
    case 'routes':
      return [exact(topics.routes, view.routes())];
    case 'topology': {
      const topology = view.topology();
      const essence = {
        nodes: topology.nodes.map(({ id, name, state }) => [id, name, state]),
        links: topology.links.map(({ a, b, state }) => [a, b, state]),
      };
      return [measured(topics.topology, topology, essence)];
    }
    case 'agents':
      return view.agents().map((agent) => measured(topics.agent(agent.id), agent, agentEssence(agent)));
    case 'cameras':
      return view.cameras().flatMap((camera) => cameraMessages(camera, topics));
    case 'places':
      return view.places().map(({ camera, places }) => exact(topics.cameraPlaces(camera), placesState(places)));
    case 'corrections':
      return [exact(topics.corrections, correctionsState(view.corrections()))];
    case 'anomalies': {
      const anomalies = view.anomalies();
      return [measured(topics.anomalies, anomaliesState(anomalies), anomaliesEssence(anomalies))];
    }
    case 'incidents':
      return [exact(topics.incidents, incidentsState(view))];
    case 'federation': {
      const federation = view.federationNow();
      return federation?.enabled ? [exact(topics.federation, federationState(federation))] : [];
    }
    case 'swarm':
      return [exact(topics.swarm, swarmState(view))];
    case 'job':
      return jobsShown(view).map((job) => measured(topics.job(job.id), job, jobEssence(job)));
  }
}

function jobsShown(view: View): JobView[] {
  return [...view.jobs({ state: 'running', limit: MOST_JOBS }), ...endedJobs(view)];
}

function endedJobs(view: View): JobView[] {
  return view
    .jobs({ limit: MOST_JOBS })
    .filter(({ state }) => state !== 'running')
    .slice(0, ENDED_JOBS);
}

/** What `…/jobs/state` holds. */
export function swarmState(view: View): object {
  const { running, ready, scheduler, why, workers } = view.swarm();
  const last = endedJobs(view).reduce<JobView | undefined>(
    (newest, job) => ((job.finishedAt ?? 0) > (newest?.finishedAt ?? 0) ? job : newest),
    undefined,
  );
  return {
    running,
    ready,
    scheduler,
    why,
    workers: workers.filter(({ reachable }) => reachable).length,
    last:
      last === undefined
        ? null
        : {
            id: last.id,
            name: last.name,
            state: last.state,
            cause: last.cause ?? null,
            seconds: round(last.figures.seconds, 1),
          },
  };
}

/** How far it is is news in tenths: a job of many short tasks must not flood the broker. */
function jobEssence({ name, state, priority, home, deputy, counts, cause }: JobView): unknown {
  const { waiting, ready, running, ...ended } = counts;
  const done = Object.values(ended).reduce((sum, count) => sum + count, 0);
  const tenth = Math.floor((10 * done) / Math.max(1, done + waiting + ready + running));
  return [name, state, priority, home.id, deputy?.id, tenth, counts.failed, counts['set-aside'], cause];
}

/** What `…/state` holds. Everything in it changes seldom; the time since the start follows from `startedAt`. */
export function nodeState(node: NodeView, peers: readonly PeerView[]): object {
  const { id, name, version, network, profile, health, services, addresses } = node;
  const degraded = services.filter(({ state }) => state === 'degraded');
  return {
    id,
    name,
    version,
    network: { id: network.id, name: network.name },
    profile: profile.name,
    startedAt: new Date(node.startedAt).toISOString(),
    health,
    services: Object.fromEntries(services.map((service) => [service.name, service.state])),
    degraded: degraded.map((service) => ({ name: service.name, cause: service.cause ?? 'unknown' })),
    peers: {
      connected: peers.filter(({ state }) => state === 'connected').length,
      reachable: peers.filter(({ state }) => state === 'connected' || state === 'reachable').length,
    },
    page: addresses.page[0],
  };
}

/** What `…/cameras/<id>` holds: the camera without the places of its objects, which go to `…/observations`. */
export function cameraState(camera: CameraView): object {
  const { objects, zones, readings, framesPerSecond, inferenceSeconds, ...rest } = camera;
  return {
    ...rest,
    framesPerSecond: round(framesPerSecond, 1),
    inferenceSeconds: inferenceSeconds === undefined ? undefined : round(inferenceSeconds, 3),
    objects: objects.length,
    zones: zones.map((zone) => zone.name),
    readings: Object.fromEntries((readings ?? []).map(({ zone, number, text }) => [zone, number ?? text ?? null])),
    zoneCounts: Object.fromEntries(zones.map(({ name, present = 0 }) => [name, present])),
  };
}

export function cameraAvailability(camera: CameraView): Availability {
  if (camera.state === 'live' || camera.state === 'waiting') return 'online';
  return camera.state === 'stopped' ? 'stopped' : 'offline';
}

function cameraMessages(camera: CameraView, topics: Topics): StateMessage[] {
  const availability = cameraAvailability(camera);
  const { state, since, cause, counts, detector, width, height, view, scene, zones, readings } = camera;
  const essence = { state, since, cause, counts, detector, width, height, view: view?.kind, unusual: scene?.unusual };
  return [
    measured(topics.camera(camera.id), cameraState(camera), {
      ...{ ...essence, readings },
      zones: zones.map(({ present }) => present),
    }),
    { topic: topics.cameraAvailability(camera.id), payload: availability, essence: availability },
  ];
}

/** What `…/cameras/<id>/places` holds: by the name of the place. */
function placesState(places: PlacesView[number]['places']): object {
  return Object.fromEntries(
    places.map(({ name, kind, about, shows, isWell }) => [
      name,
      { kind, about: about ?? null, shows: shows ?? null, well: isWell ?? null },
    ]),
  );
}

/** What `…/corrections` holds. The last one is the newest that is open, else the newest. */
function correctionsState(episodes: readonly EpisodeView[]): object {
  const open = episodes.filter(({ state }) => state !== 'over');
  const asked = open.filter(({ state }) => state === 'asked');
  const last = asked[0] ?? open[0] ?? episodes[0];
  return {
    open: open.length,
    asked: asked.length,
    last:
      last === undefined
        ? null
        : {
            ...{ id: last.id, cause: last.cause, subject: last.subject, state: last.state },
            outcome: last.outcome ?? null,
            said: last.steps.at(-1)?.said ?? null,
            openedAt: new Date(last.openedAt).toISOString(),
          },
  };
}

/** What `…/incidents` holds: how many there are, and the newest that is open, else the newest, with what people are asked. */
function incidentsState(view: Pick<View, 'incidents' | 'healing'>): object {
  const [incidents, { questions }] = [view.incidents(), view.healing()];
  const open = incidents.filter(({ closedAt }) => closedAt === undefined);
  const asked = open.filter(({ state }) => state === 'asked');
  const last = asked[0] ?? open[0] ?? incidents[0];
  const question = questions.find(({ incident }) => incident === last?.id);
  const step = last?.steps.at(-1);
  return {
    open: open.length,
    asked: questions.length,
    last:
      last === undefined
        ? null
        : {
            ...{ id: last.id, fault: last.fault, subject: last.subject, state: last.state, cause: last.cause },
            evidence: last.evidence.slice(0, 3),
            done: step === undefined ? null : `${step.inWords}: ${step.outcome}`,
            outcome: last.outcome ?? null,
            learned: last.learned ?? null,
            question: question?.reason ?? null,
            offers: question?.offers.map(({ action }) => action) ?? [],
            beganAt: new Date(last.beganAt).toISOString(),
          },
  };
}

function peerEssence({
  id,
  name,
  state,
  since,
  transports,
  addresses,
  lastError,
  profile,
  version,
}: PeerView): unknown {
  return [id, name, state, since, transports, addresses, lastError, profile, version];
}

function linkEssence({ peer, peerName, transport, state, since, cause }: LinkView): unknown {
  return [peer, peerName, transport, state, since, cause];
}

function agentEssence({ kind, version, state, since, restarts, lastError, capabilities }: AgentView): unknown {
  return [kind, version, state, since, restarts, lastError, capabilities];
}

function exact(topic: string, value: unknown): StateMessage {
  const payload = JSON.stringify(value);
  return { topic, payload, essence: payload };
}

function measured(topic: string, value: unknown, essence: unknown): StateMessage {
  return { topic, payload: JSON.stringify(value), essence: JSON.stringify(essence) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
