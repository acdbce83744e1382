// What is to stand in the kernel's table, and the commands that bring it there. Pure.

import { isIPv6 } from 'node:net';

/** Where packets to one address go. */
export interface KernelRoute {
  address: string;
  via: string;
  device: string;
  /** The address that this node's own packets carry, so that answers find back. */
  source: string | undefined;
}

export interface RouteTableInput {
  /** Next hop of each node that there is a route to. */
  nextHops: ReadonlyMap<string, string>;
  /** Address to node. */
  owners: ReadonlyMap<string, string>;
  /** The address of a neighbour on a network of this node's own, by family; undefined behind a gateway. */
  onLink: (neighbour: string, family: 4 | 6) => { address: string; device: string } | undefined;
  /** Addresses of this node that others route to. */
  own: readonly string[];
}

export const familyOf = (address: string): 4 | 6 => (isIPv6(address) ? 6 : 4);

/** By address. Left out: nodes without a route, and neighbours whose address is no neighbour's on the link. */
export function routeTable({ nextHops, owners, onLink, own }: RouteTableInput): Map<string, KernelRoute> {
  const table = new Map<string, KernelRoute>();
  for (const [address, node] of owners) {
    const neighbour = nextHops.get(node);
    const family = familyOf(address);
    const hop = neighbour === undefined ? undefined : onLink(neighbour, family);
    // A neighbour's address on the link itself is reached without us.
    if (hop === undefined || hop.address === address) continue;
    const source = own.find((one) => familyOf(one) === family);
    table.set(address, { address, via: hop.address, device: hop.device, source });
  }
  return table;
}

/** Lines for `ip -batch`. @param all also those that should stand already: the kernel drops some by itself */
export function changes(
  before: ReadonlyMap<string, KernelRoute>,
  after: ReadonlyMap<string, KernelRoute>,
  where: string,
  all: boolean,
): string[] {
  const gone = [...before.keys()].filter((address) => !after.has(address));
  const set = [...after.values()].filter((route) => all || !same(before.get(route.address), route));
  return [
    ...gone.map((address) => `route del ${host(address)} ${where}`),
    ...set.map(({ address, via, device, source }) => {
      const from = source === undefined ? '' : ` src ${source}`;
      return `route replace ${host(address)} via ${via} dev ${device} onlink${from} ${where}`;
    }),
  ];
}

const host = (address: string): string => `${address}/${familyOf(address) === 6 ? 128 : 32}`;

const same = (a: KernelRoute | undefined, b: KernelRoute): boolean =>
  a?.via === b.via && a.device === b.device && a.source === b.source;
