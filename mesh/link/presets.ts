// Intervals that suit the medium, with the reason for each number.

import type { Millis } from '../../core/clock.ts';
import type { MeshConfig } from '../config.ts';

export interface LinkTiming {
  /** Milliseconds between UDP probes; a silent failure is seen within `detectMultiplier` of them. */
  interval: Millis;
  /** Intervals without an answer that make a link down. */
  detectMultiplier: number;
  /** A calm link is probed half as often; what is late is asked again at once, so detection takes no longer. */
  rests: boolean;
  /** Milliseconds between probes over the connection, where UDP gets no answer. */
  streamInterval: Millis;
  /** Milliseconds of being down after which the connection is given up and dialled anew. */
  giveUpAfter: Millis;
}

const presets: Record<MeshConfig['preset'], LinkTiming> = {
  // A cable loses nothing and delays nothing: 125 ms of silence, in which four more questions went unanswered, mean that
  // it is cut. 60 bytes 20 times a second are 15 kbit/s with all headers, and about a percent of a core for each peer.
  wired: { interval: 50, detectMultiplier: 2.5, rests: false, streamInterval: 1000, giveUpAfter: 5000 },
  // Wi-Fi retries a frame for some 50 ms when the air is busy; 300 ms outlast that and a roam within one channel.
  wifi: { interval: 100, detectMultiplier: 3, rests: false, streamInterval: 2000, giveUpAfter: 10_000 },
  // Slow radio (a few kbit/s to share): a probe a second and neighbour leaves the air to the data.
  sparse: { interval: 1000, detectMultiplier: 3, rests: true, streamInterval: 5000, giveUpAfter: 25_000 },
  // The radio wakes for every probe, and sleeps longer than it takes to wake.
  battery: { interval: 5000, detectMultiplier: 3, rests: true, streamInterval: 15_000, giveUpAfter: 60_000 },
};

export type TimingConfig = Pick<MeshConfig, 'preset'> & Partial<Pick<MeshConfig, 'probe' | 'kernelRoutes'>>;

/** The preset's timing, with what `mesh.probe` says instead. */
export function linkTiming(config: TimingConfig): LinkTiming {
  const preset = presets[config.preset];
  const { interval = preset.interval, detectMultiplier = preset.detectMultiplier } = config.probe ?? {};
  return { ...preset, interval, detectMultiplier };
}
