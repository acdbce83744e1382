// Where probes are bound and sent to, read from the multiaddresses of the connections.

import { isIPv4, isIPv6 } from 'node:net';

/** The IP address of a connection's other side; undefined when it has none (a name, a relay, memory). */
export function remoteAddress(multiaddress: string): string | undefined {
  const match = /^(?:\/ip6zone\/([^/]+))?\/ip([46])\/([^/]+)\//.exec(multiaddress);
  if (match === null) return undefined;
  const [, zone, , address = ''] = match;
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  return zone === undefined ? address : `${address}%${zone}`;
}

/** The one address that serves everything that `mesh.listen` names. */
export function bindAddress(listen: readonly string[]): string {
  const addresses = [...new Set(listen.map(remoteAddress).filter((address) => address !== undefined))];
  const [only] = addresses;
  if (only !== undefined && addresses.length === 1) return only;
  // A socket on `::` takes IPv4 as well.
  return addresses.length === 0 || addresses.every(isIPv4) ? '0.0.0.0' : '::';
}

/** The first TCP port among multiaddresses; 0 when there is none. */
export function tcpPort(addresses: readonly string[]): number {
  for (const address of addresses) {
    const match = /\/tcp\/(\d+)/.exec(address);
    if (match !== null) return Number(match[1]);
  }
  return 0;
}
