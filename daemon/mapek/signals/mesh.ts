// Links, peers and the whole network, as the mesh measures them.

import type { EventEmitter } from 'node:events';
import type { Clock, Millis } from '../../../core/clock.ts';
import type { Mesh, MeshEvents } from '../../../mesh/mesh.ts';
import type { MeshLink, MeshPeer } from '../../../mesh/views.ts';
import { conductOf, shutOut } from './conduct.ts';
import type { Say, Source } from './hearing.ts';

export interface MeshSignalsParts {
  mesh: Pick<Mesh, 'links' | 'peers' | 'routes' | 'isIsolated'> & Pick<EventEmitter<MeshEvents>, 'on' | 'off'>;
  depends: (subject: string, needs: readonly string[]) => void;
  clock: Clock;
  say: Say;
}

const MINUTE: Millis = 60_000;
/** As the mesh says of a link to a node that said goodbye. */
const FAREWELL = 'it was stopped';
/** In a smaller network one node that is gone is that node's trouble. */
const LEAST_FOR_PARTITION = 3;
/** A member that was heard of and not reached yet is joining for so long, and not silent. */
const JOINING: Millis = 30_000;

export class MeshSignals implements Source {
  readonly #parts: MeshSignalsParts;
  /** Times within the last minute at which a link fell, and how often it had by then. */
  readonly #falls = new Map<string, { times: Millis[]; flaps: number }>();
  readonly #known = new Set<string>();

  constructor(parts: MeshSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { mesh } = this.#parts;
    const hearLink = (link: MeshLink): void => this.#tellLink(link, mesh.peers());
    const hearPeer = (peer: MeshPeer): void => {
      this.#tellPeer(peer);
      this.#tellReach(mesh.peers());
    };
    mesh.on('link', hearLink);
    mesh.on('peer', hearPeer);
    this.repeat();
    return () => {
      mesh.off('link', hearLink);
      mesh.off('peer', hearPeer);
    };
  }

  repeat(subjects?: ReadonlySet<string>): void {
    const { mesh } = this.#parts;
    const peers = mesh.peers();
    for (const peer of peers) {
      if (subjects === undefined || subjects.has(`peer/${peer.id}`)) this.#tellPeer(peer);
    }
    for (const link of mesh.links()) {
      if (subjects === undefined || subjects.has(`link/${link.peer}`)) this.#tellLink(link, peers);
    }
    if (subjects === undefined || subjects.has('node')) this.#tellReach(peers);
  }

  #tellLink(link: MeshLink, peers: readonly MeshPeer[]): void {
    const { mesh, say, depends, clock } = this.#parts;
    const { peer, peerName, state, cause, loss } = link;
    const subject = `link/${peer}`;
    if (!this.#known.has(subject)) {
      this.#known.add(subject);
      // Who is gone takes its links along.
      depends(subject, [`peer/${peer}`]);
    }
    const about = { subject, at: clock.wall() };
    // Nothing is wrong with the link to a node that was switched off, or that this one does without.
    const hasStopped = cause === FAREWELL || peers.some(({ id, state: of }) => id === peer && of === 'stopped');
    const isMeant = mesh.isIsolated(peer) || hasStopped;
    const isSpared = this.#isSpared(link);
    const message = `${isSpared ? 'Routes go around it: the' : 'The'} link to ${peerName} is ${state}${cause === undefined ? '' : `: ${cause}`}`;
    say({ ...about, kind: 'state', state: isMeant || isSpared ? 'up' : state, message });
    const lost = isSpared ? 0 : Math.min(1, Math.max(0, loss));
    if (state === 'up' || isSpared) say({ ...about, kind: 'metric', metric: 'link.loss', value: lost });
    const falls = this.#fallsOf(link);
    if (!isMeant) say({ ...about, kind: 'metric', metric: 'link.falls', value: isSpared ? 0 : falls });
  }

  /** What is wrong with a link that nothing goes over is not wrong with the network. One that stays down is told. */
  #isSpared({ peer, avoided, state, since }: MeshLink): boolean {
    const { mesh, clock } = this.#parts;
    if (!avoided || (state === 'down' && clock.wall() - since > MINUTE)) return false;
    const routes = mesh.routes();
    return routes.some(({ destination }) => destination === peer) && routes.every(({ nextHop }) => nextHop !== peer);
  }

  #fallsOf({ peer, flaps }: MeshLink): number {
    const now = this.#parts.clock.now();
    const known = this.#falls.get(peer) ?? { times: [], flaps };
    const fresh = Math.max(0, Math.min(100, flaps - known.flaps));
    const times = [...known.times.filter((at) => now - at < MINUTE), ...Array.from({ length: fresh }, () => now)];
    this.#falls.set(peer, { times: times.slice(-100), flaps });
    return times.length;
  }

  #tellPeer(peer: MeshPeer): void {
    const { id, name, state, presence } = peer;
    const { mesh, say, clock } = this.#parts;
    const about = { subject: `peer/${id}`, at: clock.wall() };
    const isShutOut = mesh.isIsolated(id);
    say({ ...about, kind: 'state', ...(isShutOut ? shutOut(name) : conductOf(peer)) });
    if (isShutOut) return;
    const word = this.#wordOf(peer);
    const why = presence.why === '' ? `${name} is ${state}` : presence.why;
    say({ ...about, kind: 'state', state: word, message: why.slice(0, 300) });
  }

  #wordOf(peer: MeshPeer): 'joining' | 'gone' | 'left' | 'suspect' | 'alive' {
    if (this.#isJoining(peer)) return 'joining';
    if (peer.state === 'gone') return 'gone';
    if (peer.state === 'stopped') return 'left';
    return peer.presence.state === 'suspect' ? 'suspect' : 'alive';
  }

  /** Word of it came over others before any way to it did. */
  #isJoining({ presence: { state, since } }: MeshPeer): boolean {
    return state === 'in' && this.#parts.clock.wall() - since < JOINING;
  }

  #tellReach(peers: readonly MeshPeer[]): void {
    const { mesh, say, clock } = this.#parts;
    const others = peers.filter(({ id, state }) => state !== 'stopped' && !mesh.isIsolated(id));
    const gone = others.filter((peer) => peer.state === 'gone' && !this.#isJoining(peer)).length;
    const isOne = others.length < LEAST_FOR_PARTITION || gone < 2;
    const value = isOne ? 1 : (others.length - gone + 1) / (others.length + 1);
    say({ subject: 'node', at: clock.wall(), kind: 'metric', metric: 'members.reachable', value });
  }
}
