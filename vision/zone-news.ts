// Tells the journal who came into a zone and left it: the first at once, then at most one a minute for each zone and way,
// with how many there were besides.

import type { Clock, Millis } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import { Occasional } from './camera/occasional.ts';
import type { Observation } from './tracking/observer.ts';
import type { ZoneChange } from './tracking/zone-watch.ts';

const EVERY: Millis = 60_000;

interface News {
  change: ZoneChange;
  observation: Observation;
}

export class ZoneNews {
  readonly #occasional: Occasional<News>;

  constructor(clock: Clock, journal: Journal) {
    this.#occasional = new Occasional<News>(clock, EVERY, ({ change, observation }, others) => {
      const { camera, label, id } = observation;
      const more = others > 0 ? ` (and ${others} more since the last entry)` : '';
      journal.record({
        severity: 'info',
        kind: `zone.${change.what}`,
        subject: `camera/${camera}`,
        message: `Camera ${camera}: ${label} ${change.what} zone ${change.zone}${more}`,
        data: { zone: change.zone, label, observation: id, others },
      });
    });
  }

  tell(change: ZoneChange, observation: Observation): void {
    this.#occasional.offer(`${observation.camera} ${change.zone} ${change.what}`, { change, observation });
  }

  flush(): void {
    this.#occasional.flush();
  }
}
