// The numbers behind the page's charts: which readings are kept, under which names of series.

import type { MeshLink } from '../mesh/views.ts';
import type { HardwareView } from './view/schema.ts';

/** Takes one value of a series, for later charts. */
export type Measure = (series: string, at: number, value: number) => void;

/** `cpu`, `memory`, `disk` (shares in use), `score` (0 to 1), `battery` (share left), `temperature` (°C). */
export function measureBoard(measure: Measure, reading: HardwareView, score: number): void {
  const { at, cpu, memory, disk, battery, temperatureCelsius } = reading;
  measure('cpu', at, cpu.load);
  measure('memory', at, 1 - memory.availableBytes / memory.totalBytes);
  if (disk.totalBytes > 0) measure('disk', at, 1 - disk.availableBytes / disk.totalBytes);
  if (battery !== undefined) measure('battery', at, battery.charge);
  measure('score', at, score);
  if (temperatureCelsius !== undefined) measure('temperature', at, temperatureCelsius);
}

/** `link/PEER/rtt` (seconds) and `link/PEER/loss` (share). */
export function measureLinks(measure: Measure, links: readonly MeshLink[], at: number): void {
  for (const { peer, roundTripSeconds, loss } of links) {
    if (roundTripSeconds !== undefined) measure(`link/${peer}/rtt`, at, roundTripSeconds);
    measure(`link/${peer}/loss`, at, loss);
  }
}
