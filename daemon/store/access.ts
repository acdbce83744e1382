// What a part of the store that has its own methods (jobs, audit, experience, federation) needs of the whole.

import { ParlmeshError } from '../../core/errors.ts';
import type { AcknowledgedWrite } from './batch.ts';
import type { Connection } from './database.ts';

export interface StoreAccess {
  /** Resolves with the rows that the write added, once it is on the disk. A write that was tried twice tells 0. */
  write(write: AcknowledgedWrite): Promise<number>;
  /** Writes that are not known to be on the disk yet, oldest first. */
  waiting(): AcknowledgedWrite[];
  /** Reads the file; what has been acknowledged is in it. Throws a coded error when it cannot be read. */
  read<T>(query: (db: Connection) => T): T;
}

/** Throws `STORE_REFUSED` for a text that is longer than what is kept. */
export function requireShort(what: string, text: string, most: number): void {
  if (text.length > most) {
    throw new ParlmeshError('STORE_REFUSED', `${what} has ${text.length} characters; at most ${most} are kept`);
  }
}
