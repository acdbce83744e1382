// A moment, in the reader's own time zone, with the full date on hover.

import { time } from '../format.ts';
import { now } from '../live/now.ts';

export function Time({ at, seconds = false }: { at: number; seconds?: boolean }) {
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {time(at, now.value, seconds)}
    </time>
  );
}
