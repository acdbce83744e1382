// The mesh of the example node: five nodes of literals, of which the link to charlie can fail and heal.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type {
  PlanView,
  RouteChangeView,
  RouteExplanationView,
  RouteView,
  SurveyView,
} from '../../../daemon/view/route-schema.ts';
import type { LinkView, PeerView, TopologyView } from '../../../daemon/view/schema.ts';
import type { RouteLogQuery } from '../../../daemon/view/view.ts';

export const SELF = '12D3KooWAlphaAlphaAlphaAlphaAlphaAlphaAlphaAlpha11';
export const PEERS = ['bravo', 'charlie', 'delta', 'echo'] as const;
export const idOf = (name: string): string =>
  name === 'alpha' ? SELF : `12D3KooW${`${name[0]!.toUpperCase()}${name.slice(1)}`.repeat(8).slice(0, 40)}11`;

const SILENT = 'no answer for 151 ms';
const pathOver = (...names: string[]) => ({
  nextHop: idOf(names[0]!),
  nextHopName: names[0]!,
  path: names.map(idOf),
  pathNames: names,
});

/** The ways from alpha: while the link to charlie is up, and while it is down. */
const WAYS: Record<
  (typeof PEERS)[number],
  Record<'up' | 'down', { way: string[]; cost: number; around?: string[] }>
> = {
  bravo: {
    up: { way: ['bravo'], cost: 10, around: ['charlie', 'bravo'] },
    down: { way: ['bravo'], cost: 10 },
  },
  charlie: {
    up: { way: ['charlie'], cost: 20, around: ['bravo', 'charlie'] },
    down: { way: ['bravo', 'charlie'], cost: 22 },
  },
  delta: { up: { way: ['delta'], cost: 30 }, down: { way: ['delta'], cost: 30 } },
  echo: {
    up: { way: ['charlie', 'echo'], cost: 35, around: ['bravo', 'echo'] },
    down: { way: ['bravo', 'charlie', 'echo'], cost: 37 },
  },
};

export class ExampleMesh {
  readonly #wall: () => number;
  readonly #random: Random;
  readonly #startedAt: number;
  readonly #changes: RouteChangeView[] = [];
  linkState: 'up' | 'down' = 'up';
  shutOut: { id: string; since: number; why: string } | undefined;
  linkSince: number;

  constructor(parts: { wall: () => number; random: Random; startedAt: number }) {
    this.#wall = parts.wall;
    this.#random = parts.random;
    this.#startedAt = parts.startedAt;
    this.linkSince = parts.startedAt;
    for (const name of PEERS) {
      const { way, cost } = WAYS[name].up;
      this.#log('added', name, parts.startedAt, {
        after: { ...pathOver(...way), cost },
        reason: way.length === 1 ? 'direct' : 'first path found, through charlie',
        sentence: `Route to ${name} goes ${inWords(way)}`,
      });
    }
  }

  /** The link to charlie fails, or comes back; the routes over it follow. */
  toggle(): void {
    const before = this.linkState;
    this.linkState = before === 'up' ? 'down' : 'up';
    this.linkSince = this.#wall();
    for (const name of ['charlie', 'echo'] as const) {
      const was = WAYS[name][before];
      const is = WAYS[name][this.linkState];
      const reason = this.linkState === 'down' ? `link to charlie went down (${SILENT})` : 'link to charlie came up';
      this.#log('moved', name, this.linkSince, {
        before: { ...pathOver(...was.way), cost: was.cost },
        after: { ...pathOver(...is.way), cost: is.cost },
        reason,
        ...(was.around && before === 'up' && { backup: { ...pathOver(...was.around), kind: 'lfa' } }),
        sentence: `Route to ${name} was ${inWords(was.way)}, is now ${inWords(is.way)}: ${reason}`,
      });
    }
  }

  peers(): PeerView[] {
    return PEERS.map((name, index) => ({
      id: idOf(name),
      name,
      state: index < 3 ? 'connected' : 'reachable',
      since: this.#startedAt + index * 10_000,
      transports: index === 2 ? ['libp2p', 'mqtt'] : ['libp2p'],
      addresses: [`/ip4/192.168.1.${12 + index}/tcp/7421`],
      lastSeenAt: this.#wall() - 200,
      profile: index === 0 ? 'raspberry-pi-5' : 'orange-pi-5',
      version: '0.1.0',
      load: 0.1 + 0.1 * index,
      score: index === 3 ? 0.72 : 0.05 * index,
      page: `http://192.168.1.${12 + index}:7420/`,
      presence: this.#presence(name),
      ...(this.shutOut?.id === idOf(name) && { shutOut: { since: this.shutOut.since, why: this.shutOut.why } }),
    }));
  }

  links(): LinkView[] {
    return PEERS.slice(0, 3).map((name, index) => {
      const state = name === 'charlie' ? this.linkState : 'up';
      const link: LinkView = {
        peer: idOf(name),
        peerName: name,
        transport: 'libp2p',
        probe: name === 'delta' ? 'stream' : 'udp',
        ...(name !== 'delta' && { interface: 'eth0' }),
        state,
        since: name === 'charlie' ? this.linkSince : this.#startedAt,
        roundTripSeconds: 0.001 * (index + 1) + 0.0005 * this.#random.next(),
        jitterSeconds: 0.0002 * (index + 1),
        loss: state === 'down' ? 1 : 0.01 * index,
        cost: 10 * (index + 1),
        flaps: name === 'delta' ? 5 : state === 'down' ? 1 : 0,
        damped: name === 'delta',
      };
      return state === 'down'
        ? { ...link, cause: SILENT, indirect: { reached: true, asked: ['bravo', 'delta'], via: 'bravo' } }
        : link;
    });
  }

  routes(): RouteView[] {
    return PEERS.map((name) => {
      const { way, cost, around } = WAYS[name][this.linkState];
      const reason = way.length === 1 ? 'direct' : 'first path found, through charlie';
      return {
        ...pathOver(...way),
        destination: idOf(name),
        destinationName: name,
        cost,
        since: this.linkSince,
        reason: this.linkState === 'down' && way.length > 1 ? 'link to charlie went down' : reason,
        ...(around && {
          backup: { ...pathOver(...around), kind: 'lfa', cost: cost + 20, protects: name === 'echo' ? 'node' : 'link' },
        }),
      };
    });
  }

  /** Newest first. */
  routeLog({ before = Number.POSITIVE_INFINITY, limit = 20, node }: RouteLogQuery = {}): RouteChangeView[] {
    return this.#changes
      .filter(({ id, destination, destinationName }) => {
        return id < before && (node === undefined || [destination, destinationName].includes(node));
      })
      .reverse()
      .slice(0, limit);
  }

  explainRoute(node: string): RouteExplanationView {
    const route = this.routes().find(({ destinationName, destination }) =>
      [destinationName, destination].includes(node),
    );
    if (route === undefined)
      throw new ParlmeshError('ROUTE_UNKNOWN', `There is no route to a node "${node}" from here`);
    const path = { path: [idOf('delta'), route.destination], pathNames: ['delta', route.destinationName], cost: 55 };
    return { route, alternatives: [path] };
  }

  plan(): PlanView {
    const link = { a: SELF, aName: 'alpha', b: idOf('charlie'), bName: 'charlie' };
    return {
      nodes: 5,
      links: 6,
      traffic: 'uniform',
      measuredTotal: 800,
      capacities: 'equal',
      busiest: [{ ...link, load: 10, share: 0.5, planned: 8, measured: 800 }],
      cutNodes: [{ node: idOf('charlie'), nodeName: 'charlie', cutsOff: 1 }],
      cutLinks: [{ a: idOf('charlie'), aName: 'charlie', b: idOf('echo'), bName: 'echo', cutsOff: 1 }],
      weights: {
        ...{ maximum: 6, improved: 5, changes: [{ ...link, cost: 20, better: 31 }], trials: 12 },
        moved: { pairs: 3, share: 0.15 },
        meanCost: { before: 30, after: 31.5 },
      },
      threads: 1,
    };
  }

  topology(): TopologyView {
    const link = (a: string, b: string, cost: number, state: LinkView['state'] = 'up') => ({
      a: idOf(a),
      b: idOf(b),
      cost,
      roundTripSeconds: cost / 10_000,
      state,
    });
    return {
      nodes: [
        { id: SELF, name: 'alpha', self: true, state: 'connected', score: 0.03, profile: 'raspberry-pi-4' },
        ...this.peers().map(({ id, name, state, score, profile }) => ({
          id,
          name,
          self: false,
          state,
          score: score ?? 0,
          ...(profile === undefined ? {} : { profile }),
        })),
      ],
      links: [
        link('alpha', 'bravo', 10),
        link('alpha', 'charlie', 20, this.linkState),
        link('alpha', 'delta', 30),
        link('bravo', 'charlie', 12),
        link('charlie', 'echo', 15),
        link('bravo', 'echo', 40, 'suspect'),
      ],
    };
  }

  /** Of alpha as they are; bravo knows the way to echo only. */
  survey(from = 'alpha'): SurveyView {
    const { cutNodes, cutLinks } = this.plan();
    const more = {
      traffic: this.topology().links.map(({ a, b }, at) => ({ a, b, bytesPerSecond: 500 * at ** 3 })),
      cutNodes: cutNodes.map(({ node, cutsOff }) => ({ node, cutsOff })),
      cutLinks: cutLinks.map(({ a, b, cutsOff }) => ({ a, b, cutsOff })),
    };
    if (from === 'bravo' || from === idOf('bravo')) {
      const way = { path: ['bravo', 'charlie', 'echo'].map(idOf), cost: 27 };
      const around = { path: ['bravo', 'echo'].map(idOf), cost: 40 };
      return { from: idOf('bravo'), routes: [{ destination: idOf('echo'), ...way, backup: around }], ...more };
    }
    if (from !== 'alpha' && from !== SELF) throw new ParlmeshError('NODE_UNKNOWN', `There is no node "${from}"`);
    const routes = this.routes().map(({ destination, path, cost, backup }) => ({
      ...{ destination, cost, path: [SELF, ...path] },
      ...(backup && { backup: { path: [SELF, ...backup.path], cost: backup.cost } }),
    }));
    return { from: SELF, routes, ...more };
  }

  #presence(name: string): NonNullable<PeerView['presence']> {
    const isSuspect = name === 'charlie' && this.linkState === 'down';
    return {
      state: isSuspect ? 'suspect' : 'alive',
      since: isSuspect ? this.linkSince : this.#startedAt,
      suspectedBy: isSuspect ? [{ id: SELF, name: 'alpha', since: this.linkSince }] : [],
      tried: isSuspect
        ? [
            { way: 'udp', outcome: 'silent', at: this.linkSince },
            { way: 'stream', outcome: 'unanswered', at: this.linkSince + 300 },
            { way: 'indirect', via: idOf('bravo'), viaName: 'bravo', outcome: 'answered', at: this.linkSince + 320 },
          ]
        : [],
      localDoubt: 0,
      flaps: name === 'delta' ? 5 : isSuspect ? 1 : 0,
      damped: name === 'delta',
      why: isSuspect
        ? 'its link to alpha was lost; UDP fell silent; the connection did not answer; bravo reaches it; its link failed once'
        : name === 'delta'
          ? 'its link failed 5 times and is a last resort'
          : '',
    };
  }

  #log(
    kind: RouteChangeView['kind'],
    name: string,
    at: number,
    change: Pick<RouteChangeView, 'before' | 'after' | 'reason' | 'backup' | 'sentence'>,
  ): void {
    this.#changes.push({
      id: this.#changes.length + 1,
      at,
      kind,
      destination: idOf(name),
      destinationName: name,
      afterSeconds: 0.0004,
      ...change,
    });
  }
}

const inWords = (way: readonly string[]): string =>
  way.length === 1 ? 'direct' : `over ${way.slice(0, -1).join(', ')}`;
