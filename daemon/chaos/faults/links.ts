// Links that are cut, lossy and flap, a network in two parts, a node that says nothing and one that lies. All of it in this
// process: the mesh drops what goes to and comes from a neighbour (see mesh/impairments.ts); the network of the machine, and
// whatever else uses it, is left alone.

import { spawn } from 'node:child_process';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Impairment } from '../../../mesh/impairments.ts';
import type { Mesh } from '../../../mesh/mesh.ts';
import type { InjectionKind, Undo } from '../injection.ts';

export interface LinkFaultsParts {
  mesh: Pick<Mesh, 'id' | 'links' | 'peers' | 'routes' | 'impair'>;
  clock: Clock;
}

/** Much for a link, and little enough that it is not taken for cut: five probes in a row would have to be lost. */
const LOSS = 0.08;
/** A flapping link is up and down for this long in turns: longer than its detection takes. */
const FLAP_EVERY: Millis = 2_500;
/** With each frame. */
const FORGED = 10;
/** After the answer to whoever asked for it. */
const STOP_AFTER: Millis = 100;
/** A stopped process cannot be asked to go on: nobody may stop it for longer. */
const MOST_STOPPED: Millis = 60_000;

export function linkFaults({ mesh, clock }: LinkFaultsParts): InjectionKind[] {
  const neighbours = (): string[] =>
    mesh
      .links()
      .filter(({ state }) => state !== 'down')
      .map(({ peer }) => peer);
  const why = (): string => 'this node has no neighbour';
  const impaired = (peers: readonly string[], impairment: Impairment): Undo => {
    for (const peer of peers) mesh.impair(peer, impairment);
    return () => {
      for (const peer of peers) mesh.impair(peer, undefined);
    };
  };
  /** Whether what goes to the peer still goes over the link to it, or nowhere. */
  const isUsed = (peer: string): boolean => {
    const route = mesh.routes().find(({ destination }) => destination === peer);
    return route === undefined || route.nextHop === peer;
  };
  const self = () => [mesh.id];
  return [
    {
      ...{ name: 'link-down', fault: 'link-down', lasts: 15_000, targets: neighbours, why },
      does: 'cuts the link to a neighbour without a word: nothing passes in either direction',
      at: (peer, lasts) => ({
        ...{ fault: 'link-down', subject: `link/${peer}`, target: peer, lasts },
        harms: () => isUsed(peer),
        inject: async () => impaired([peer], { cut: true }),
      }),
    },
    {
      ...{ name: 'link-lossy', fault: 'link-lossy', lasts: 30_000, targets: neighbours, why },
      does: `loses ${LOSS * 100} % of what goes over the link to a neighbour, each way`,
      at: (peer, lasts) => ({
        ...{ fault: 'link-lossy', subject: `link/${peer}`, target: peer, lasts },
        harms: () => isUsed(peer),
        inject: async () => impaired([peer], { loss: LOSS, delay: 10 }),
      }),
    },
    {
      ...{ name: 'link-flapping', fault: 'link-flapping', lasts: 40_000, targets: neighbours, why },
      does: `cuts the link to a neighbour and joins it again every ${(2 * FLAP_EVERY) / 1000} s`,
      at: (peer, lasts) => ({
        ...{ fault: 'link-flapping', subject: `link/${peer}`, target: peer, lasts },
        inject: async () => {
          let isCut = false;
          const turn = (): void => {
            isCut = !isCut;
            mesh.impair(peer, isCut ? { cut: true } : undefined);
          };
          turn();
          const timer = clock.every(FLAP_EVERY, turn);
          return () => {
            timer.cancel();
            mesh.impair(peer, undefined);
          };
        },
      }),
    },
    {
      ...{ name: 'partition', fault: 'partition', lasts: 20_000, why },
      does: 'cuts this node off from those that are named (ids with commas between), or from all',
      targets: () => (neighbours().length === 0 ? [] : ['all', ...groupsOf(neighbours())]),
      at: (target, lasts) => ({
        ...{ fault: 'partition', subject: 'node', target, lasts },
        inject: async () => impaired(target === 'all' ? neighbours() : target.split(','), { cut: true }),
      }),
    },
    {
      ...{ name: 'peer-silent', fault: 'peer-silent', lasts: 10_000, targets: self },
      does: 'stops this whole process, as a kernel that hangs does; a watch goes on and lets it run again',
      at: (target, lasts) => ({
        ...{ fault: 'peer-silent', subject: `peer/${mesh.id}`, target, lasts: Math.min(lasts, MOST_STOPPED) },
        inject: async () => {
          await stopThisProcess(Math.min(lasts, MOST_STOPPED));
          return () => {};
        },
      }),
    },
    {
      ...{ name: 'peer-byzantine', fault: 'peer-byzantine', lasts: 30_000, why },
      targets: () => (neighbours().length === 0 ? [] : self()),
      does: `has this node lie: with each frame that it passes on go ${FORGED} forged copies, and it takes frames for others and drops them`,
      at: (target, lasts) => ({
        ...{ fault: 'peer-byzantine', subject: `peer/${mesh.id}`, target, lasts },
        inject: async () => impaired(neighbours(), { forged: FORGED, withholds: true }),
      }),
    },
  ];
}

/** Named groups are made by whoever cuts a network in two on several nodes at once: at most 8 neighbours have all of them. */
function groupsOf(neighbours: readonly string[]): string[] {
  const few = neighbours.slice(0, 8);
  const groups: string[] = [];
  for (let bits = 1; bits < 2 ** few.length; bits++) {
    groups.push(few.filter((_, index) => (bits & (1 << index)) !== 0).join(','));
  }
  return groups;
}

/** The shell is no child that would be stopped along: it has a session of its own, and outlives this process if it must. */
function stopThisProcess(lasts: Millis): Promise<void> {
  const { pid } = process;
  const script = `sleep ${STOP_AFTER / 1000}; kill -STOP ${pid}; sleep ${(lasts / 1000).toFixed(2)}; kill -CONT ${pid}`;
  return new Promise((resolve, reject) => {
    const watch = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' });
    watch.once('error', (cause) =>
      reject(new ParlmeshError('CHAOS_FAILED', `no watch could be started: ${cause.message}`, { cause })),
    );
    watch.once('spawn', () => {
      watch.unref();
      resolve();
    });
  });
}
