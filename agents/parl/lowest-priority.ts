// For threads that compute in the background while nothing else wants the processor.

import { setPriority } from 'node:os';

/** The least of all. */
const LOWEST = 19;

/** From now on the calling thread, and no other: Linux counts this by thread. */
export function takeLowestPriority(): void {
  try {
    setPriority(LOWEST);
  } catch {
    // Where that is forbidden it computes at the pace of all others.
  }
}
