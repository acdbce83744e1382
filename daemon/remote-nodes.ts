// Other nodes over the relay, for people: ping, trace, and TCP connections to where a node lets its peers connect.

import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { ParlmeshError } from '../core/errors.ts';
import type { NodeId } from '../mesh/membership/keys.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { RelayAction } from '../mesh/relay/relay.ts';
import { isAgentService } from './agent-network.ts';
import { joinStreams } from './join-streams.ts';

export interface RemoteNode {
  node: NodeId;
  name: string;
}
export type Pong = RemoteNode & { roundTripSeconds: number };
export interface Trace extends RemoteNode {
  hops: Pong[];
  reached: boolean;
}

const FORWARD = 'forward';
const CONNECT_WITHIN_MS = 8000;

/** What members of the network may do here over the relay. */
export function relayPolicy(allowed: readonly string[]): (action: RelayAction) => boolean {
  return ({ kind, service, header }) => {
    if (isAgentService(service)) return true;
    if (kind === 'message') return service === 'ping';
    return service === FORWARD && allowed.includes(header);
  };
}

export class RemoteNodes {
  readonly #mesh: Mesh;

  /** Before the mesh starts. */
  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    mesh.handle(FORWARD, {
      stream: async (stream, target) => joinStreams(await connectTo(target), stream),
    });
  }

  /** @param node a name, an id, or the beginning or end of one. Throws `NODE_UNKNOWN`, `NODE_AMBIGUOUS`. */
  resolve(node: string): RemoteNode {
    const peers = this.#mesh.peers();
    const exact = peers.filter(({ id, name }) => id === node || name === node);
    const found = exact.length > 0 ? exact : peers.filter(({ id }) => id.startsWith(node) || id.endsWith(node));
    const [only] = found;
    if (only === undefined) {
      throw new ParlmeshError('NODE_UNKNOWN', `There is no node "${node}"`, { hint: 'parlmesh peers lists them' });
    }
    if (found.length > 1) {
      const names = found.slice(0, 5).map(({ id, name }) => `${name} (${id})`);
      throw new ParlmeshError('NODE_AMBIGUOUS', `"${node}" may be ${names.join(', ')}`, { hint: 'Use the whole id' });
    }
    return { node: only.id, name: only.name };
  }

  async ping(node: string): Promise<Pong> {
    const remote = this.resolve(node);
    return { ...remote, roundTripSeconds: (await this.#mesh.relay.ping(remote.node)) / 1000 };
  }

  async trace(node: string): Promise<Trace> {
    const remote = this.resolve(node);
    const names = new Map(this.#mesh.peers().map(({ id, name }) => [id, name]));
    const { hops, reached } = await this.#mesh.relay.trace(remote.node);
    const named = hops.map(({ node: id, roundTrip }) => ({
      node: id,
      name: names.get(id) ?? id,
      roundTripSeconds: roundTrip / 1000,
    }));
    return { ...remote, hops: named, reached };
  }

  /** @param target `host:port` as the other node sees it, which must allow it */
  connect(node: string, target: string): Promise<Duplex> {
    return this.#mesh.relay.openStream(this.resolve(node).node, FORWARD, target);
  }
}

function connectTo(target: string): Promise<Duplex> {
  const at = target.lastIndexOf(':');
  const [host, port] = [target.slice(0, at).replace(/^\[(.*)\]$/, '$1'), Number(target.slice(at + 1))];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.setTimeout(CONNECT_WITHIN_MS, () => socket.destroy(new Error(`${target} does not answer`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
