// Readings of the board and the links scored for how unusual they are; what stands out is told to the loop with its reason.

import { AnomalyWatch } from '../../../agents/anomaly/watch.ts';
import type { MetricKind } from '../../../agents/anomaly/watched-series.ts';
import type { Clock, Millis } from '../../../core/clock.ts';
import type { MeshLink } from '../../../mesh/views.ts';
import type { HardwareView } from '../../view/schema.ts';
import type { Say } from './hearing.ts';

export interface AnomalySignalsParts {
  clock: Clock;
  say: Say;
}

/** Each takes about 30 kB. */
const MOST_SERIES = 64;
/** Of a link, which tells of itself ten times a second at its busiest. */
const LINK_EVERY: Millis = 5_000;

export class AnomalySignals {
  readonly watch: AnomalyWatch;
  readonly #parts: AnomalySignalsParts;
  readonly #links = new Map<string, Millis>();

  constructor(parts: AnomalySignalsParts) {
    this.#parts = parts;
    this.watch = new AnomalyWatch({ clock: parts.clock, mostSeries: MOST_SERIES });
  }

  hearBoard({ cpu, memory, temperatureCelsius, disk, eventLoopDelaySeconds }: HardwareView): void {
    this.#take('node', 'cpu.load', 'gauge', cpu.load);
    this.#take('node', 'memory.process', 'gauge', memory.processBytes);
    if (disk.totalBytes > 0) this.#take('node', 'disk.used', 'gauge', disk.totalBytes - disk.availableBytes);
    if (temperatureCelsius !== undefined) this.#take('node', 'cpu.temperature', 'gauge', temperatureCelsius);
    this.#take('node', 'cpu.loop-delay', 'gauge', eventLoopDelaySeconds);
  }

  hearLink({ peer, state, roundTripSeconds, loss }: MeshLink): void {
    const now = this.#parts.clock.now();
    if (state !== 'up' || now - (this.#links.get(peer) ?? Number.NEGATIVE_INFINITY) < LINK_EVERY) return;
    this.#links.set(peer, now);
    const subject = `link/${peer}`;
    if (roundTripSeconds !== undefined) this.#take(subject, 'link.rtt', 'gauge', roundTripSeconds);
    this.#take(subject, 'link.loss', 'gauge', loss);
  }

  #take(subject: string, metric: string, kind: MetricKind, value: number): void {
    const { clock, say } = this.#parts;
    for (const event of this.watch.observe({ subject, metric, kind, value })) {
      const about = { subject, at: clock.wall(), kind: 'score', metric } as const;
      if (event.kind === 'cleared') say({ ...about, score: 0, why: `${metric} is as usual again` });
      else say({ ...about, score: event.explanation.likelihood, why: event.explanation.sentence });
    }
  }
}
