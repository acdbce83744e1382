// Writes the mesh's routes into the kernel, so that every program's packets take them: into a table of their own, under
// a protocol number of their own, by which they are found and removed again, also after a crash.

import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { MeshConfig } from '../../mesh/config.ts';
import { interfaceTo } from '../../mesh/link/carrier-watch.ts';
import { remoteAddress, tcpPort } from '../../mesh/link/probe-address.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { Throttle } from '../../mesh/throttle.ts';
import {
  AddressRanges,
  canonical,
  HostAddresses,
  hostAddressesTopic,
  MOST_ADDRESSES,
  REPEATED_EVERY_MS,
} from './host-addresses.ts';
import { IpBatch, ip } from './ip-batch.ts';
import { changes, familyOf, type KernelRoute, routeTable } from './route-table.ts';

export interface KernelRoutesParts {
  config: MeshConfig['kernelRoutes'];
  probePort: number;
  mesh: Mesh;
  clock: Clock;
  logger: Logger;
  journal: Journal;
  /** What hinders it while it runs; undefined once nothing does. */
  report: (cause: string | undefined) => void;
}

/** Changes of one moment are one batch. */
const WRITE_PERIOD_MS = 20;
const AGAIN_AFTER_MS = 2000;
/** The mesh's own connections skip the table: a link that ran over other links would hide that it is cut. */
const PRIORITY = { skip: 7420, lookUp: 7421, after: 7422 } as const;

export class KernelRoutes implements Service {
  readonly name = 'kernel-routes';
  readonly #parts: KernelRoutesParts;
  readonly #ranges: AddressRanges;
  readonly #addresses: HostAddresses;
  readonly #write: Throttle;
  readonly #where: string;
  readonly #changed = (): void => this.#write.request();
  #written: ReadonlyMap<string, KernelRoute> = new Map();
  #batch: IpBatch | undefined;
  #timers: Timer[] = [];
  #again: Timer | undefined;
  #isDoubtful = true;
  #contested = '';

  /** Before the mesh starts. Throws `KERNEL_ROUTES_PREFIX`. */
  constructor(parts: KernelRoutesParts) {
    const { config, mesh, clock } = parts;
    this.#parts = parts;
    this.#ranges = new AddressRanges(config.prefixes);
    this.#addresses = new HostAddresses(mesh.id, this.#ranges);
    this.#write = new Throttle(clock, WRITE_PERIOD_MS, () => this.#bringUpToDate());
    this.#where = `table ${config.table} proto ${config.protocol}`;
    mesh.subscribe(hostAddressesTopic, {
      message: ({ origin, payload }) => {
        if (this.#addresses.claim(origin, payload)) this.#changed();
      },
      ended: (origin) => {
        if (this.#addresses.forget(origin)) this.#changed();
      },
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { mesh, clock } = this.#parts;
    await this.#withdraw();
    signal.throwIfAborted();
    await this.#addRules();
    this.#batch = new IpBatch((complaint) => this.#doubt(complaint));
    this.#timers = [clock.every(REPEATED_EVERY_MS, () => this.#repeat())];
    mesh.on('routes', this.#changed);
    mesh.on('link', this.#linkChanged);
    // What hinders it is told of a service that runs.
    this.#timers.push(clock.after(AGAIN_AFTER_MS, () => void this.#checkForwarding()));
    this.#repeat();
  }

  async stop(): Promise<void> {
    const { mesh } = this.#parts;
    for (const timer of this.#timers) timer.cancel();
    this.#again?.cancel();
    this.#write.cancel();
    mesh.off('routes', this.#changed);
    mesh.off('link', this.#linkChanged);
    const batch = this.#batch;
    this.#batch = undefined;
    await batch?.stop();
    if (batch !== undefined) await this.#withdraw();
  }

  readonly #linkChanged = (): void => {
    // An interface that went and came back has lost the routes over it.
    this.#isDoubtful = true;
    this.#changed();
  };

  /** Removes what bears our number: of this run, or of one that was killed. */
  async #withdraw(): Promise<void> {
    const { table, protocol } = this.#parts.config;
    this.#written = new Map();
    for (const family of ['-4', '-6']) {
      await ip(family, 'rule', 'flush', 'protocol', String(protocol));
      // A table that nothing was ever written to is no table.
      await ip(family, 'route', 'flush', 'table', String(table), 'proto', String(protocol)).catch(() => {});
    }
  }

  async #addRules(): Promise<void> {
    const { mesh, probePort, config } = this.#parts;
    const { table, protocol } = config;
    const port = tcpPort(mesh.addresses());
    const skipped = [
      ['tcp', port],
      ['udp', probePort || port],
    ] as const;
    for (const family of ['-4', '-6']) {
      const add = (priority: number, ...rule: string[]): Promise<string> =>
        ip(family, 'rule', 'add', 'priority', String(priority), ...rule, 'protocol', String(protocol));
      await add(PRIORITY.after, 'nop');
      for (const [transport, number] of skipped) {
        for (const side of ['sport', 'dport']) {
          await add(PRIORITY.skip, 'ipproto', transport, side, String(number), 'goto', String(PRIORITY.after));
        }
      }
      await add(PRIORITY.lookUp, 'lookup', String(table));
    }
  }

  #repeat(): void {
    this.#parts.mesh.publish(hostAddressesTopic, { addresses: this.#own() });
    this.#isDoubtful = true;
    this.#changed();
  }

  #own(): string[] {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const own = all.map(({ address }) => address).filter((address) => this.#ranges.has(address));
    return [...new Set(own.map(canonical))].sort().slice(0, MOST_ADDRESSES);
  }

  #bringUpToDate(): void {
    const { mesh } = this.#parts;
    if (this.#batch === undefined) return;
    const interfaces = networkInterfaces();
    const own = this.#own();
    const remote = new Map(mesh.links().map(({ peer, address }) => [peer, address && remoteAddress(address)]));
    const { owners, contested } = this.#addresses.owners(own);
    const wanted = routeTable({
      nextHops: new Map(mesh.routes().map(({ destination, nextHop }) => [destination, nextHop])),
      owners,
      own,
      onLink: (neighbour, family) => {
        const address = remote.get(neighbour);
        const device = address && familyOf(address.split('%')[0]!) === family && interfaceTo(address, interfaces);
        return device ? { address: address.split('%')[0]!, device } : undefined;
      },
    });
    this.#batch.write(changes(this.#written, wanted, this.#where, this.#isDoubtful));
    this.#isDoubtful = false;
    this.#written = wanted;
    this.#tellContested(contested);
  }

  #doubt(complaint: string): void {
    const { clock, logger } = this.#parts;
    // As a rule the kernel has dropped a route with its interface before we did.
    logger.debug({ complaint }, 'a route was not written');
    this.#isDoubtful = true;
    if (this.#again !== undefined) return;
    this.#again = clock.after(AGAIN_AFTER_MS, () => {
      this.#again = undefined;
      this.#changed();
    });
  }

  #tellContested(contested: readonly string[]): void {
    if (contested.join() === this.#contested) return;
    this.#contested = contested.join();
    if (contested.length === 0) return;
    this.#parts.journal.record({
      severity: 'warning',
      kind: 'kernel-routes.contested',
      subject: 'service/kernel-routes',
      message: `Several nodes claim ${contested.slice(0, 8).join(', ')}: packets go to the one with the smallest id`,
    });
  }

  async #checkForwarding(): Promise<void> {
    const isOff = await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8').then(
      (text) => text.trim() === '0',
      (error: unknown) => {
        this.#parts.logger.debug({ error: messageOf(error) }, 'the state of IP forwarding is not known');
        return false;
      },
    );
    this.#parts.report(
      isOff ? 'this board forwards no packets for others: net.ipv4.ip_forward is 0 (see docs/install.md)' : undefined,
    );
  }
}
