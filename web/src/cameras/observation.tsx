// One observation with its picture, and its clip where one was kept.

import { useState } from 'preact/hooks';
import type { ObservationView } from '../../../daemon/view/schema.ts';
import { duration, percent } from '../format.ts';
import { pictureUrl, urlOf } from '../live/api.ts';
import { Time } from '../parts/time.tsx';

export function Observation({ observation }: { observation: ObservationView }) {
  const { id, camera, label, confidence, zones, startedAt, endedAt, snapshot, clip } = observation;
  const [plays, play] = useState(false);
  const still = snapshot === undefined ? undefined : pictureUrl('observations', id, startedAt);
  const shown = plays && clip !== undefined ? urlOf(clip) : still;
  return (
    <li>
      <div class="snapshot">
        {shown !== undefined && <img src={shown} alt={`${label} on ${camera}`} loading="lazy" />}
        {clip !== undefined && (
          <button
            type="button"
            class="quiet small clip"
            aria-label={`${plays ? 'Stop' : 'Play'} the clip of ${label} on ${camera}`}
            onClick={() => play(!plays)}
          >
            {plays ? 'Stop' : 'Clip'}
          </button>
        )}
      </div>
      <p>
        <strong>{label}</strong> {percent(confidence)}
      </p>
      <p class="muted">
        {camera}
        {zones.length > 0 && `, ${zones.join(', ')}`}
      </p>
      <p class="muted">
        <Time at={startedAt} seconds />, {endedAt === undefined ? 'in view' : duration((endedAt - startedAt) / 1_000)}
      </p>
    </li>
  );
}
