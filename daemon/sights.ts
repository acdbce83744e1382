// Where what the cameras see goes: observations and their pictures into the store, the beginning of each into the journal.

import type { Journal } from '../core/journal.ts';
import type { ObservationSink } from '../vision/processor.ts';
import type { Store } from './store/store.ts';

export function sights(store: Store, journal: Journal): ObservationSink {
  return {
    recordObservation: (observation) => {
      store.recordObservation(observation);
      if (observation.phase !== 'start') return;
      const { id, camera, label, confidence, zones } = observation;
      const where = zones.length === 0 ? '' : ` in ${zones.join(', ')}`;
      journal.record({
        severity: 'info',
        kind: 'observation.started',
        subject: `camera/${camera}`,
        message: `Camera ${camera} sees a ${label}${where}`,
        data: { observation: id, label, confidence, zones },
      });
    },
    saveSnapshot: async ({ observation, jpeg, at }) => {
      store.saveSnapshot(observation, jpeg, at);
      return `/observations/${observation}/picture`;
    },
  };
}
