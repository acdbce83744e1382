// Network interfaces: state, addresses, traffic and, for radios, the signal.

import type { NetworkInterfaceInfo } from 'node:os';
import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

type Interface = HardwareView['interfaces'][number];

/** Machines that run containers have hundreds of virtual ones. */
const MOST_INTERFACES = 32;

/** /proc/net/dev: bytes received and sent by interface. Pure. */
export function parseTraffic(text: string): Map<string, { received: number; sent: number }> {
  const traffic = new Map<string, { received: number; sent: number }>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s:]+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/.exec(line);
    if (match !== null) traffic.set(match[1]!, { received: Number(match[2]), sent: Number(match[3]) });
  }
  return traffic;
}

/** /proc/net/wireless: signal level in dBm by interface; undefined where a driver does not measure in dBm. Pure. */
export function parseWireless(text: string): Map<string, number | undefined> {
  const signals = new Map<string, number | undefined>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s:|]+):\s*[0-9a-f]+\s+-?\d+\.?\s+(-?\d+)\.?\s/i.exec(line);
    if (match === null) continue;
    const level = Number(match[2]);
    signals.set(match[1]!, level < 0 && level > -150 ? level : undefined);
  }
  return signals;
}

/** @param addresses as `os.networkInterfaces()` tells them */
export async function readInterfaces(
  files: SystemFiles,
  addresses: NodeJS.Dict<NetworkInterfaceInfo[]>,
): Promise<Interface[]> {
  const [names, dev, wireless] = await Promise.all([
    files.names('sys/class/net'),
    files.text('proc/net/dev'),
    files.text('proc/net/wireless'),
  ]);
  const traffic = parseTraffic(dev ?? '');
  const signals = parseWireless(wireless ?? '');
  // Where sysfs is hidden, those with an address are still known.
  const known = names.length > 0 ? names : Object.keys(addresses).sort();
  const own = known.filter((name) => name !== 'lo').sort((a, b) => Number(isVirtual(a)) - Number(isVirtual(b)));
  return Promise.all(
    own.slice(0, MOST_INTERFACES).map(async (name): Promise<Interface> => {
      const [state, radio] = await Promise.all([
        files.text(`sys/class/net/${name}/operstate`),
        files.exists(`sys/class/net/${name}/phy80211`),
      ]);
      const addressed = (addresses[name] ?? []).map(({ address }) => address);
      const signalDbm = signals.get(name);
      return {
        name,
        // Tunnels and some drivers never tell more than "unknown"; an address means that it is in use.
        up: state === 'up' || ((state === 'unknown' || state === undefined) && addressed.length > 0),
        wireless: radio || signals.has(name),
        addresses: addressed,
        receivedBytes: traffic.get(name)?.received ?? 0,
        sentBytes: traffic.get(name)?.sent ?? 0,
        ...(signalDbm === undefined ? {} : { signalDbm }),
      };
    }),
  );
}

function isVirtual(name: string): boolean {
  return /^(veth|docker|br-|virbr|tap|dummy)/.test(name);
}
