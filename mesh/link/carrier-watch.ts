// Hears from the kernel when an interface loses its carrier (netlink, through one long-lived `ip monitor link`), which is
// known at once, before any probe is missed. Where there is no `ip`, probes alone tell.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { LineReader, readCarrierEvent } from './ip-monitor.ts';
import { remoteAddress } from './probe-address.ts';
import type { CarrierWatch } from './senses.ts';

export interface IpCarrierWatchParts {
  clock: Clock;
  logger: Logger;
  carrier: (name: string, up: boolean) => void;
  /** The program; tests name another. */
  command?: readonly [string, ...string[]];
}

const COMMAND = ['ip', '-oneline', 'monitor', 'link'] as const;
/**
 * Runs a program until our end of the pipe closes, also when this process is killed: `ip` itself would only notice when
 * it has something to say. Its own end shows as the end of what it prints.
 */
const GUARD = 'command -v "$1" >/dev/null || exit 127; "$@" & exec >&-; read -r _; kill $!';
const NOT_FOUND = 127;
const RESTART: Millis = 30_000;

export class IpCarrierWatch implements CarrierWatch {
  readonly #parts: IpCarrierWatchParts;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #restart: Timer | undefined;
  #running = false;

  constructor(parts: IpCarrierWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#run();
  }

  stop(): void {
    this.#running = false;
    this.#restart?.cancel();
    this.#child?.stdin.end();
  }

  interfaceTo(multiaddress: string): string | undefined {
    const address = remoteAddress(multiaddress);
    return address === undefined ? undefined : interfaceTo(address, networkInterfaces());
  }

  #run(): void {
    const { clock, logger, carrier, command = COMMAND } = this.#parts;
    const [program] = command;
    const child = spawn('sh', ['-c', GUARD, 'sh', ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = new LineReader();
    this.#child = child;
    child.unref();
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of lines.push(text)) {
        const event = readCarrierEvent(line);
        if (event !== undefined && this.#running) carrier(event.name, event.up);
      }
    });
    child.stdout.once('close', () => child.stdin.end());
    const unheard = (): void =>
      logger.info({ program }, 'changes of network interfaces cannot be heard: failures are seen by probes alone');
    child.once('error', unheard);
    child.once('exit', (code) => {
      if (!this.#running) return;
      if (code === NOT_FOUND) {
        unheard();
        return;
      }
      logger.debug({ program, code }, 'the watch of network interfaces ended');
      this.#restart = clock.after(RESTART, () => this.#run());
    });
  }
}

/** The interface whose own network the address is in; undefined when it is reached through a gateway. */
export function interfaceTo(address: string, interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  const [bare = address, zone] = address.split('%');
  if (zone !== undefined) return zone;
  const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
  let best: { name: string; prefix: number } | undefined;
  for (const [name, addresses = []] of Object.entries(interfaces)) {
    for (const { cidr } of addresses) {
      const [network = '', length] = cidr?.split('/') ?? [];
      const prefix = Number(length);
      if (length === undefined || (family === 'ipv6') !== isIPv6(network) || prefix <= (best?.prefix ?? 0)) continue;
      const list = new BlockList();
      list.addSubnet(network, prefix, family);
      if (list.check(bare, family)) best = { name, prefix };
    }
  }
  return best?.name;
}
