// Which IP addresses belong to which node, as the nodes themselves say. A member may claim single addresses within the
// ranges that this node's operator named, and nothing else. Pure but for the table that it keeps.

import { BlockList, isIP, isIPv6 } from 'node:net';
import { type Static, Type } from 'typebox';
import { ParlmeshError } from '../../core/errors.ts';
import type { Topic } from '../../mesh/gossip/topics.ts';

export const REPEATED_EVERY_MS = 60_000;
/** Of one node. */
export const MOST_ADDRESSES = 16;
const MOST_NODES = 4096;
/** A range that is wider is a mistake, or a way to draw the traffic of half the internet. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 16 } as const;

export const HostAddressesPayload = Type.Object({
  addresses: Type.Array(Type.String({ maxLength: 45 }), { maxItems: MOST_ADDRESSES }),
});

/** Addresses that lead to the origin. */
export const hostAddressesTopic = {
  name: 'host-addresses',
  kind: 'state',
  schema: HostAddressesPayload,
  lifetime: 3 * REPEATED_EVERY_MS,
} as const satisfies Topic;

/** Ranges of addresses. Throws `KERNEL_ROUTES_PREFIX` for what is none, or too wide. */
export class AddressRanges {
  readonly #list = new BlockList();

  constructor(prefixes: readonly string[]) {
    for (const prefix of prefixes) {
      const [network = '', length = ''] = prefix.split('/');
      const family = isIPv6(network) ? 'ipv6' : 'ipv4';
      const bits = Number(length);
      if (isIP(network) === 0 || bits < SHORTEST_PREFIX[family] || bits > (family === 'ipv6' ? 128 : 32)) {
        throw new ParlmeshError('KERNEL_ROUTES_PREFIX', `mesh.kernelRoutes.prefixes: "${prefix}" is no usable range`, {
          hint: `It looks like 10.55.0.0/16 or fd55::/48; /${SHORTEST_PREFIX.ipv4} and /${SHORTEST_PREFIX.ipv6} are the widest`,
        });
      }
      this.#list.addSubnet(network, bits, family);
    }
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

export class HostAddresses {
  readonly #self: string;
  readonly #ranges: AddressRanges;
  readonly #claims = new Map<string, readonly string[]>();
  #refused = 0;

  constructor(self: string, ranges: AddressRanges) {
    this.#self = self;
    this.#ranges = ranges;
  }

  /** Claims that were outside of the ranges, or no addresses. */
  get refused(): number {
    return this.#refused;
  }

  /** True when it changes anything. */
  claim(node: string, { addresses }: Static<typeof HostAddressesPayload>): boolean {
    if (node === this.#self) return false;
    const known = this.#claims.get(node);
    if (known === undefined && this.#claims.size >= MOST_NODES) return false;
    const good = [...new Set(addresses.filter((address) => this.#ranges.has(address)).map(canonical))].sort();
    this.#refused += addresses.length - good.length;
    this.#claims.set(node, good);
    return known?.join() !== good.join();
  }

  /** True when it changes anything. */
  forget(node: string): boolean {
    return this.#claims.delete(node);
  }

  /**
   * Address to node. What several claim belongs to the one with the smallest id: every node decides the same, so that
   * packets do not circle. What this node has itself belongs to nobody else.
   */
  owners(own: readonly string[]): { owners: Map<string, string>; contested: string[] } {
    const owners = new Map<string, string>();
    const contested = new Set<string>();
    for (const [node, addresses] of this.#claims) {
      for (const address of addresses) {
        const other = own.includes(address) ? this.#self : owners.get(address);
        if (other !== undefined) contested.add(address);
        if (other !== this.#self && (other === undefined || node < other)) owners.set(address, node);
      }
    }
    return { owners, contested: [...contested].sort() };
  }
}

/** One spelling of an address. */
export function canonical(address: string): string {
  if (!isIPv6(address)) return address;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
