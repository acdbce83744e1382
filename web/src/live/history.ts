// The last hour of a few numbers, for the small charts: what the node remembers, then every live reading.

import { signal } from '@preact/signals';
import type { HardwareView } from '../../../daemon/view/schema.ts';
import { get } from './api.ts';
import { mergeSamples } from './merge.ts';

const HOUR_MS = 3_600_000;

/** Names of the node's series and how a live reading gives the same number. */
export const SERIES = {
  cpu: (view: HardwareView) => view.cpu.load,
  memory: (view: HardwareView) => 1 - view.memory.availableBytes / view.memory.totalBytes,
  temperature: (view: HardwareView) => view.temperatureCelsius,
  battery: (view: HardwareView) => view.battery?.charge,
  disk: (view: HardwareView) => 1 - view.disk.availableBytes / view.disk.totalBytes,
} as const;
export type SeriesName = keyof typeof SERIES;

export const history = signal<Readonly<Record<SeriesName, [number, number][]>>>({
  cpu: [],
  memory: [],
  temperature: [],
  battery: [],
  disk: [],
});

const names = Object.keys(SERIES) as SeriesName[];

export async function fetchHistory(): Promise<void> {
  const since = Date.now() - HOUR_MS;
  const fetched = await Promise.all(
    names.map((name) => get<[number, number][]>(`/history?series=${encodeURIComponent(name)}&since=${since}`)),
  );
  history.value = {
    ...history.value,
    ...entries((name, i) => mergeSamples(history.value[name], fetched[i] ?? [], since)),
  };
}

export function addSamples(view: HardwareView): void {
  const since = view.at - HOUR_MS;
  history.value = entries((name) => {
    const value = SERIES[name](view);
    return mergeSamples(history.value[name], value === undefined ? [] : [[view.at, value]], since);
  });
}

function entries(of: (name: SeriesName, index: number) => [number, number][]): Record<SeriesName, [number, number][]> {
  return Object.fromEntries(names.map((name, i) => [name, of(name, i)])) as Record<SeriesName, [number, number][]>;
}
