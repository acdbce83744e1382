// How a program is started so that its limits hold: which small programs of the system stand before it. They replace
// themselves by what follows, so that the process stays the same.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ParlmeshError } from '../../core/errors.ts';

export interface LaunchLimits {
  /** Bytes of data that each process may hold: heap, stacks and private mappings (RLIMIT_DATA). */
  dataBytes?: number;
  /** 0 to 19; 0 leaves it as the daemon's. */
  nice: number;
}

export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** File of a program; undefined when there is none that may be run. */
export function findProgram(name: string, path = SEARCH_PATH): string | undefined {
  const files = name.includes('/') ? [name] : path.split(delimiter).map((folder) => join(folder, name));
  return files.find(isProgram);
}

/**
 * The whole argument list. Core dumps are off (they would hold secrets), and the program dies with the daemon where
 * `setpriv` is there to say so. Throws `PROGRAM_NOT_FOUND`, or `LIMIT_UNAVAILABLE` for a limit nobody could keep.
 */
export function launchOf(argv: readonly string[], { dataBytes, nice }: LaunchLimits, find = findProgram): string[] {
  const [name = '', ...rest] = argv;
  const program = find(name);
  if (program === undefined) {
    throw new ParlmeshError('PROGRAM_NOT_FOUND', `there is no program "${name}" that may be run`, {
      hint: `programs are looked for in ${SEARCH_PATH}; or give the whole path`,
    });
  }
  const prlimit = find('prlimit');
  if (prlimit === undefined && dataBytes !== undefined) {
    throw new ParlmeshError('LIMIT_UNAVAILABLE', 'there is no prlimit on this board to keep the memory limit', {
      hint: 'install util-linux, or leave the memory limit out',
    });
  }
  const setpriv = find('setpriv');
  const nicely = nice > 0 ? find('nice') : undefined;
  return [
    ...(prlimit === undefined
      ? []
      : [prlimit, '--core=0', ...(dataBytes === undefined ? [] : [`--data=${dataBytes}`])]),
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig=KILL']),
    ...(nicely === undefined ? [] : [nicely, '-n', String(nice)]),
    program,
    ...rest,
  ];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
