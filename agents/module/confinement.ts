// How the process of a module is shut in: Node's permission model for files, programs, threads and native code; a memory
// limit; and, where the board allows it, namespaces of the kernel that leave it no network and no other process to see.

import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { findProgram, launchOf } from '../process/launch.ts';
import type { Grants } from './manifest.ts';

/** `namespaces`: the kernel shuts it in; `guard`: only the guard in its process stands before network and signals. */
export type Confinement = 'namespaces' | 'guard';

const NAMESPACES = ['--user', '--map-current-user', '--pid', '--fork', '--kill-child=SIGKILL'];
const MIB = 1024 * 1024;
/** Address space that V8 takes before it holds anything, measured with Node 24 as 550 MiB of data. */
const V8_DATA_BYTES = 1_024 * MIB;
/** What a process of Node holds before a module is loaded, measured as 45 MB, and what its loader takes for a moment. */
export const NODE_BYTES = 80 * MIB;

/** Whether this process may make namespaces: containers and hardened units forbid it. Takes some milliseconds. */
export function tryNamespaces(): Confinement {
  const unshare = findProgram('unshare');
  if (unshare === undefined) return 'guard';
  const tried = spawnSync(unshare, [...NAMESPACES, '--net', 'true'], { stdio: 'ignore', timeout: 2_000 });
  return tried.status === 0 ? 'namespaces' : 'guard';
}

export interface ModuleFiles {
  /** The module itself, as its real path. */
  module: string;
  /** Files of its own beside it, if there are any: `NAME/`. */
  folder: string | undefined;
  /** Where it may keep things. */
  dataFolder: string;
}

/** @param entry the program of the child: its folder holds all that it loads */
export function moduleArgv(entry: string, files: ModuleFiles, grants: Grants, confinement: Confinement): string[] {
  const read = [dirname(entry), files.module, files.folder, files.dataFolder, ...grants.read];
  const write = [files.dataFolder, ...grants.write];
  const node = [
    process.execPath,
    '--permission',
    ...read.filter((path) => path !== undefined).map((path) => `--allow-fs-read=${path}`),
    ...write.map((path) => `--allow-fs-write=${path}`),
    `--max-old-space-size=${grants.memory}`,
    '--max-semi-space-size=4',
    '--v8-pool-size=1',
    '--no-warnings',
    entry,
  ];
  const unshare = findProgram('unshare');
  const within =
    confinement === 'namespaces' && unshare !== undefined
      ? [unshare, ...NAMESPACES, ...(grants.network ? [] : ['--net']), ...node]
      : node;
  const limits = findProgram('prlimit') === undefined ? {} : { dataBytes: V8_DATA_BYTES + 2 * grants.memory * MIB };
  return launchOf(within, { nice: 5, ...limits });
}
