// Every topic of a node, in one place: parlmesh/<networkId>/<nodeId>/… Names only; what is in them is `state.ts`.

import { createHash } from 'node:crypto';

/** What stands on an availability topic. `stopped` is an orderly end, `offline` the broker's last will. */
export type Availability = 'online' | 'offline' | 'stopped';

/**
 * An id as one topic level. What MQTT or Home Assistant would not take is replaced and a hash of the whole appended,
 * so that two ids never share a topic.
 */
export function topicLevel(id: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 48)}-${hash}`;
}

export class Topics {
  /** `parlmesh/<networkId>/<nodeId>` */
  readonly root: string;
  readonly availability: string;
  readonly state: string;
  readonly hardware: string;
  readonly peers: string;
  readonly links: string;
  readonly routes: string;
  readonly topology: string;
  readonly observations: string;
  readonly events: string;
  readonly swarm: string;
  readonly corrections: string;
  readonly anomalies: string;
  readonly incidents: string;
  readonly federation: string;
  /** Subscribed to when commands are enabled. */
  readonly agentCommands: string;
  /** The same; answers come on `submissionAnswer`. */
  readonly submissions: string;
  /** The same. */
  readonly incidentAnswers: string;

  constructor(base: string, networkId: string, nodeId: string) {
    this.root = `${base}/${topicLevel(networkId)}/${topicLevel(nodeId)}`;
    this.availability = `${this.root}/availability`;
    this.state = `${this.root}/state`;
    this.hardware = `${this.root}/hardware`;
    this.peers = `${this.root}/peers`;
    this.links = `${this.root}/links`;
    this.routes = `${this.root}/routes`;
    this.topology = `${this.root}/topology`;
    this.observations = `${this.root}/observations`;
    this.events = `${this.root}/events`;
    this.swarm = `${this.root}/jobs/state`;
    this.anomalies = `${this.root}/anomalies`;
    this.corrections = `${this.root}/corrections`;
    this.federation = `${this.root}/federation`;
    this.incidents = `${this.root}/incidents`;
    this.incidentAnswers = `${this.root}/incidents/answer`;
    this.submissions = `${this.root}/jobs/submit`;
    this.agentCommands = `${this.root}/agents/+/command`;
  }

  agent(id: string): string {
    return `${this.root}/agents/${topicLevel(id)}`;
  }

  agentCommand(id: string): string {
    return `${this.agent(id)}/command`;
  }

  job(id: string): string {
    return `${this.root}/jobs/${topicLevel(id)}/state`;
  }

  submissionAnswer(id: string): string {
    return `${this.root}/jobs/${topicLevel(id)}/answer`;
  }

  camera(id: string): string {
    return `${this.root}/cameras/${topicLevel(id)}`;
  }

  cameraAvailability(id: string): string {
    return `${this.camera(id)}/availability`;
  }

  cameraPlaces(id: string): string {
    return `${this.camera(id)}/places`;
  }

  cameraPicture(id: string): string {
    return `${this.camera(id)}/picture`;
  }
}
