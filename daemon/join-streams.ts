// Two byte streams as one: what comes out of either goes into the other, at the pace of the slower.

import type { Duplex } from 'node:stream';

/** An end of one side is passed on and the other direction goes on; when one breaks off, so does the other. */
export function joinStreams(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  closeWith(a, b);
  closeWith(b, a);
}

function closeWith(one: Duplex, other: Duplex): void {
  one.on('error', () => other.destroy());
  one.on('close', () => {
    if (!one.readableEnded || !other.readableEnded) other.destroy();
  });
}
