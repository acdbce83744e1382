// Intervals that suit the medium. The fast prober of a later release brings its own; these are for stream probes.

import type { Millis } from '../../core/clock.ts';
import type { MeshConfig } from '../config.ts';

export interface LinkTiming {
  /** Milliseconds between probes of a link; a silent failure is seen after `detectMultiplier` of them. */
  interval: Millis;
  /** Probes in a row without an answer that make a link down. */
  detectMultiplier: number;
  /** Milliseconds of being down after which the connection is given up and dialled anew. */
  giveUpAfter: Millis;
}

export const linkTiming: Record<MeshConfig['preset'], LinkTiming> = {
  // A cable loses nothing: three missed seconds mean that it is cut.
  wired: { interval: 1000, detectMultiplier: 3, giveUpAfter: 5000 },
  // Wi-Fi retries for hundreds of milliseconds and sleeps between beacons; faster probes would mostly measure that.
  wifi: { interval: 2000, detectMultiplier: 3, giveUpAfter: 10_000 },
  // Slow radio: each probe costs air time that everybody shares.
  sparse: { interval: 5000, detectMultiplier: 3, giveUpAfter: 25_000 },
  // The radio wakes for every probe.
  battery: { interval: 15_000, detectMultiplier: 3, giveUpAfter: 60_000 },
};
