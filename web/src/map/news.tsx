// The newest change of routes as one sentence, told when it happens and kept until the next.

import { latency } from '../format.ts';
import { routeLog } from '../live/live.ts';
import { changesTogether, moment } from '../live/moment.ts';
import { Time } from '../parts/time.tsx';

export function News() {
  const together = changesTogether(routeLog.value ?? []);
  // What was lost or moved says more than what came.
  const told = together.find(({ kind }) => kind !== 'added') ?? together[0];
  const others = together.length - 1;
  return (
    <p class={`news${moment.value.length > 0 ? ' news-now' : ''}`} role="status">
      {told === undefined ? (
        <span class="muted">No route has changed yet.</span>
      ) : (
        <>
          <Time at={told.at} seconds /> {told.sentence}
          {told.kind !== 'added' && `; ${latency(told.afterSeconds)} after this node knew`}
          {others > 0 && `; and ${others} more ${others === 1 ? 'route' : 'routes'}`}
        </>
      )}
    </p>
  );
}
