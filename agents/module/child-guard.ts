// What Node's permission model leaves open, closed in JavaScript before the module is loaded: the network, where it is
// not granted, local sockets, and signals to other processes. It stops whatever goes through Node's own modules; the
// kernel's namespaces (see `confinement.ts`) stop the rest where the board has them. Runs in the module's process.

import dgram from 'node:dgram';
import dns from 'node:dns';
import { registerHooks } from 'node:module';
import net from 'node:net';
import os from 'node:os';

/** Modules with which the guard could be undone. The permission model refuses most of them by itself. */
const CLOSED = new Set(['module', 'worker_threads', 'child_process', 'cluster', 'inspector', 'vm', 'wasi', 'repl']);

class Denied extends Error {
  readonly code = 'ERR_ACCESS_DENIED';
  readonly permission: string;
  readonly resource: string;

  constructor(permission: string, resource: string) {
    super(`Access to ${permission} is not granted`);
    this.permission = permission;
    this.resource = resource;
  }
}

export function closeWhatIsOpen(network: boolean): void {
  closeSignals();
  closeModules();
  // A local socket leads to the daemon's own API and to other services of the board.
  const connect = net.Socket.prototype.connect;
  lock(net.Socket.prototype, 'connect', function (this: net.Socket, ...values: unknown[]) {
    // net.connect hands its normalised arguments on as one list.
    const [first] = Array.isArray(values[0]) ? values[0] : values;
    const path = typeof first === 'string' ? first : (first as { path?: unknown } | null)?.path;
    const isPath = typeof first === 'string' ? Number.isNaN(Number(first)) : path !== undefined && path !== null;
    if (!network || isPath) throw new Denied('Network', String(path ?? 'a connection'));
    return Reflect.apply(connect, this, values);
  });
  if (network) return;
  const deny = (): never => {
    throw new Denied('Network', 'a socket');
  };
  lock(net.Server.prototype, 'listen', deny);
  for (const name of ['bind', 'connect', 'send'] as const) lock(dgram.Socket.prototype, name, deny);
  for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (/^(lookup|resolve|reverse)/.test(name)) lock(owner, name, deny);
    }
  }
  for (const name of ['fetch', 'WebSocket', 'EventSource']) lock(globalThis, name, deny);
}

function closeSignals(): void {
  const kill = process.kill.bind(process);
  lock(process, 'kill', (pid: number, signal?: string | number) => {
    if (pid !== process.pid) throw new Denied('Signals', String(pid));
    return kill(pid, signal);
  });
  lock(process, '_kill', () => {
    throw new Denied('Signals', 'a process');
  });
  lock(os, 'setPriority', () => {
    throw new Denied('Signals', 'a priority');
  });
}

function closeModules(): void {
  registerHooks({
    resolve(specifier, context, next) {
      refuse(specifier);
      const resolved = next(specifier, context);
      if (resolved.format === 'commonjs' || resolved.format === 'addon') throw new Denied('Module', specifier);
      return resolved;
    },
  });
  const original = process.getBuiltinModule.bind(process);
  lock(process, 'getBuiltinModule', (id: string) => {
    refuse(id);
    return original(id);
  });
}

function refuse(specifier: string): void {
  const name = specifier.replace(/^node:/, '').split('/')[0] ?? '';
  if (CLOSED.has(name)) throw new Denied('Module', specifier);
}

function lock(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: false, configurable: false, enumerable: true });
}
