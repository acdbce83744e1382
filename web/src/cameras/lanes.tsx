// When what is listed was seen: a lane for each camera, from the oldest to now, a bar for each observation.

import type { ObservationView } from '../../../daemon/view/schema.ts';
import { count, time } from '../format.ts';
import { now } from '../live/now.ts';

/** Shares of the width: the shortest sighting is still seen. */
const LEAST_WIDTH = 0.4;

export function Lanes({ list }: { list: readonly ObservationView[] }) {
  const oldest = list.at(-1);
  if (oldest === undefined || list.length < 2) return null;
  const lanes = new Map<string, ObservationView[]>();
  for (const one of list) lanes.set(one.camera, [...(lanes.get(one.camera) ?? []), one]);
  const newest = Math.max(...list.map(({ endedAt, startedAt }) => endedAt ?? Math.max(startedAt, now.value)));
  const span = Math.max(60_000, newest - oldest.startedAt);
  const at = (moment: number): number => ((moment - oldest.startedAt) / span) * 100;
  return (
    <div
      class="lanes"
      role="img"
      aria-label={`When: ${[...lanes].map(([camera, seen]) => `${camera} ${seen.length}`).join(', ')}`}
    >
      {[...lanes].map(([camera, seen]) => (
        <div class="lane" key={camera}>
          <span class="lane-name">{camera}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            {seen.map(({ id, startedAt, endedAt, label }) => (
              <rect
                key={id}
                x={Math.min(100 - LEAST_WIDTH, at(startedAt))}
                y="1"
                width={Math.max(LEAST_WIDTH, at(endedAt ?? newest) - at(startedAt))}
                height="8"
              >
                <title>{label}</title>
              </rect>
            ))}
          </svg>
          <span class="lane-count">{count(seen.length, 'sighting')}</span>
        </div>
      ))}
      <p class="lane-ends">
        <span>{time(oldest.startedAt, now.value)}</span>
        <span>{time(newest, now.value)}</span>
      </p>
    </div>
  );
}
