// Nodes of an election on virtual time: places in a plane give the round trips; parts, deaths and restarts as a test wants.

import { CoordinatorElection } from '../../../../agents/federation/election/coordinator-election.ts';
import type { Seat } from '../../../../agents/federation/election/election-state.ts';
import {
  type SimulatedNetwork,
  SimulatedNetworks,
} from '../../../../agents/federation/simulation/simulated-network.ts';
import { type Millis, VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';

export const LEASE: Millis = 15_000;

export interface VillageOptions {
  nodes: number;
  seed?: number;
  loss?: number;
  /** Share by which round trips jitter. */
  jitter?: number;
  noticeAfter?: Millis;
  /** Name of the appointed coordinator, in everybody's configuration. */
  coordinator?: string;
  place?(node: number): [number, number];
  stability?(node: number): number;
}

export interface Villager {
  id: string;
  election: CoordinatorElection;
  network: SimulatedNetwork;
  /** What it has on its disk. */
  disk: { document: unknown; fails: boolean };
  changes: { at: Millis; seat: Seat; reason: string }[];
}

export class Village {
  readonly clock = new VirtualClock();
  readonly networks: SimulatedNetworks;
  readonly villagers = new Map<string, Villager>();
  readonly #options: VillageOptions;
  readonly #places: [number, number][];

  constructor(options: VillageOptions) {
    this.#options = options;
    const random = seededRandom(options.seed ?? 1);
    this.#places = Array.from({ length: options.nodes }, (_, node) =>
      options.place === undefined ? [random.next() * 40, random.next() * 40] : options.place(node),
    );
    const jitter = options.jitter ?? 0;
    this.networks = new SimulatedNetworks({
      clock: this.clock,
      random,
      delay: (from, to) => this.#distance(from, to) * (1 + jitter * (2 * random.next() - 1)),
      loss: options.loss ?? 0,
      noticeAfter: options.noticeAfter ?? 200,
      syncEvery: 1000,
    });
  }

  async startAll(): Promise<void> {
    for (let node = 0; node < this.#options.nodes; node++) await this.start(`n${node}`);
  }

  /** Its first life, or the next one with the same disk. */
  async start(id: string): Promise<Villager> {
    const network = this.networks.join(id);
    const disk = this.villagers.get(id)?.disk ?? { document: undefined, fails: false };
    const changes = this.villagers.get(id)?.changes ?? [];
    const election = new CoordinatorElection({
      network,
      notebook: {
        read: async () => structuredClone(disk.document),
        write: async (document) => {
          if (disk.fails) throw new Error('no space left on device');
          // What a dead node still wrote does not count.
          if (this.villagers.get(id)?.network === network) disk.document = structuredClone(document);
        },
      },
      stability: () => this.#options.stability?.(Number(id.slice(1))) ?? 0.5,
      mayCoordinate: () => true,
      config: { coordinator: this.#options.coordinator ?? 'auto', candidate: true, lease: LEASE / 1000 },
      name: id,
      clock: this.clock,
      journal: { record: () => {} },
    });
    election.on('changed', (seat, _, reason) => changes.push({ at: this.clock.now(), seat, reason }));
    const villager = { id, election, network, disk, changes };
    this.villagers.set(id, villager);
    await election.start(new AbortController().signal);
    return villager;
  }

  /** From one moment to the next, and nobody is told. */
  kill(id: string): void {
    this.networks.kill(id);
  }

  async pass(ms: Millis, each?: () => void, stepMs: Millis = 250): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      this.clock.advance(Math.min(stepMs, end - this.clock.now()));
      for (const { network } of this.villagers.values()) network.remeasure();
      // What was written is on the disk, and what follows from it is said.
      for (let turn = 0; turn < 6; turn++) await Promise.resolve();
      each?.();
    }
  }

  alive(): Villager[] {
    return [...this.villagers.values()].filter(({ id }) => this.networks.isAlive(id));
  }

  /** Who holds the seat by their own word, of those who live. */
  holders(): string[] {
    return this.alive()
      .filter(({ election }) => election.seat.kind === 'self')
      .map(({ id }) => id);
  }

  seats(): Seat[] {
    return this.alive().map(({ election }) => election.seat);
  }

  #distance(from: string, to: string): Millis {
    const [a, b] = [this.#places[Number(from.slice(1))]!, this.#places[Number(to.slice(1))]!];
    return 1 + Math.hypot(a[0] - b[0], a[1] - b[1]);
  }
}
