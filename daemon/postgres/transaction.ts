// What is done as a whole or not at all, on one connection.

import type { ClientBase } from 'pg';
import { faultOf } from './faults.ts';

/** Commits what `work` did, or rejects with its error and nothing done. */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // Where the server is away, it rolls back by itself.
    if (faultOf(error) !== 'away') await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
