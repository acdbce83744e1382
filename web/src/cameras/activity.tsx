// Where things were seen in a camera's picture, laid over it; the same in words for those who do not see the colours.

import type { ActivityView } from '../../../daemon/view/camera-schema.ts';
import { count, percent } from '../format.ts';
import { urlOf } from '../live/api.ts';
import { useResource } from '../live/resource.ts';

const pathOf = (camera: string): string => `/vision/cameras/${encodeURIComponent(camera)}/activity`;

export function ActivityOverlay({ camera }: { camera: string }) {
  return <img class="activity" src={urlOf(`${pathOf(camera)}.png`)} alt="" />;
}

export function ActivityWords({ camera }: { camera: string }) {
  const [resource] = useResource<ActivityView>(pathOf(camera));
  if (resource.kind !== 'ready') return null;
  const { sightings, busiest } = resource.value;
  if (busiest === undefined) return <p class="muted">Nothing was seen here in the last weeks.</p>;
  return (
    <p class="muted">
      Most was seen {/middle$/.test(busiest.place) ? 'in' : 'at'} the {busiest.place}: {percent(busiest.share)} of{' '}
      {count(sightings, 'sighting')} that still count; a day takes a tenth.
    </p>
  );
}
