// Waits for a condition with the patience of a loaded board.

import { expect } from 'vitest';

export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 15_000, interval: 20 });
}
