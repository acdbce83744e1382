// The one sentence that says how the network is, and the problems behind it. Pure.

import type { EpisodeView } from './correction-schema.ts';
import type { AgentView, CameraView, NodeView, ServiceView, TopologyView } from './schema.ts';

type Health = NodeView['health'];
type Problem = Health['problems'][number];

export interface Signs {
  services: readonly ServiceView[];
  agents: readonly AgentView[];
  cameras: readonly CameraView[];
  topology: TopologyView;
  /** What the self-correction found. */
  corrections: readonly Pick<EpisodeView, 'subject' | 'cause' | 'openedAt' | 'state'>[];
  /** When each node was last seen to change its state, milliseconds since 1970. */
  sinceOf: (nodeId: string) => number;
}

export function health(signs: Signs): Health {
  const found = [
    ...gone(signs),
    ...lostCameras(signs),
    ...blindCameras(signs),
    ...degradedServices(signs),
    ...degradedAgents(signs),
  ];
  const told = new Set(found.map(({ subject }) => subject));
  const problems = [...found, ...asked(signs).filter(({ subject }) => !told.has(subject))];
  if (signs.services.some((service) => service.required && service.state === 'starting')) {
    return { state: 'starting', sentence: 'This node is starting', problems };
  }
  const [worst, ...others] = problems;
  if (worst === undefined) return { state: 'well', sentence: allIsWell(signs), problems };
  const more = others.length === 0 ? '' : `, and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'}`;
  return { state: 'degraded', sentence: `${worst.cause}${more}`, problems };
}

/** A node that was stopped on purpose is no problem, but is missing. */
function allIsWell({ topology, sinceOf }: Signs): string {
  const count = topology.nodes.length;
  if (count <= 1) return 'This node is well; it has no peers yet';
  const stopped = topology.nodes.filter((node) => node.state === 'stopped');
  const [first, ...others] = stopped;
  if (first !== undefined) {
    const running = count - stopped.length;
    const which =
      others.length === 0
        ? `${first.name} was stopped at ${timeOfDay(sinceOf(first.id))}`
        : `${stopped.length} were stopped`;
    return `${running} of ${count} nodes ${running === 1 ? 'runs' : 'run'}; ${which}`;
  }
  return count === 2 ? 'Both nodes are well' : `All ${count} nodes are well`;
}

function gone({ topology, sinceOf }: Signs): Problem[] {
  return topology.nodes
    .filter((node) => node.state === 'gone')
    .map((node) => ({
      subject: `peer/${node.id}`,
      cause: `Node ${node.name} is unreachable since ${timeOfDay(sinceOf(node.id))}`,
      since: sinceOf(node.id),
    }));
}

function lostCameras({ cameras }: Signs): Problem[] {
  return cameras
    .filter((camera) => camera.state === 'lost')
    .map((camera) => ({
      subject: `camera/${camera.id}`,
      cause: `Camera ${camera.id} is lost since ${timeOfDay(camera.since)}${because(camera.cause)}`,
      since: camera.since,
    }));
}

/** Of a lost camera its loss is told. */
function blindCameras({ cameras }: Signs): Problem[] {
  return cameras.flatMap(({ id, state, view }) => {
    // Dark is what every camera is at night.
    if (state === 'lost' || view === undefined || view.kind === 'clear' || view.kind === 'dark') return [];
    const cause = `Camera ${id} ${viewInWords(view.kind)} since ${timeOfDay(view.since)}`;
    return [{ subject: `camera/${id}`, cause, since: view.since }];
  });
}

function degradedServices({ services }: Signs): Problem[] {
  return services
    .filter((service) => service.state === 'degraded')
    .map((service) => ({
      subject: `service/${service.name}`,
      cause: `${capital(service.name)} is degraded since ${timeOfDay(service.since)}${because(service.cause)}`,
      since: service.since,
    }));
}

/** A camera's agent tells nothing that its camera does not. */
function degradedAgents({ agents, cameras }: Signs): Problem[] {
  const lost = new Set(cameras.filter((camera) => camera.state === 'lost').map((camera) => `camera/${camera.id}`));
  return agents
    .filter((agent) => agent.state === 'degraded' && !lost.has(agent.id))
    .map((agent) => ({
      subject: `agent/${agent.id}`,
      cause: `Agent ${agent.id} is set aside since ${timeOfDay(agent.since)}${because(agent.lastError)}`,
      since: agent.since,
    }));
}

/** What only a person can mend. */
function asked({ corrections }: Signs): Problem[] {
  return corrections
    .filter(({ state }) => state === 'asked')
    .map(({ subject, cause, openedAt }) => ({
      subject,
      cause: `${cause} since ${timeOfDay(openedAt)}; an operator is asked for`,
      since: openedAt,
    }));
}

const VIEW_IN_WORDS: Record<string, string> = {
  moved: 'was moved',
  defocused: 'is out of focus',
  'signal-lost': 'sends no signal',
};
const viewInWords = (kind: string): string => VIEW_IN_WORDS[kind] ?? `is ${kind}`;
const because = (cause: string | undefined): string => (cause === undefined ? '' : `: ${cause}`);
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** 24-hour time of day on this node, e.g. 09:05. */
function timeOfDay(at: number): string {
  const date = new Date(at);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}
