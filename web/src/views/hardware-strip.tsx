// The board's vital signs as four figures with their last hour, and a line for what is unusual.

import { useState } from 'preact/hooks';
import type { HardwareView } from '../../../daemon/view/schema.ts';
import { bytes, celsius, latency, percent, time } from '../format.ts';
import { history, SERIES, type SeriesName } from '../live/history.ts';
import { now } from '../live/now.ts';
import { Chart } from '../parts/chart.tsx';
import { Toned } from '../parts/mark.tsx';

interface Vital {
  series: SeriesName;
  title: string;
  format: (value: number | undefined) => string;
  range?: readonly [number, number];
  detail: (view: HardwareView) => string;
}

const SHARE: readonly [number, number] = [0, 1];
const VITALS: readonly Vital[] = [
  {
    series: 'cpu',
    title: 'Processor',
    format: percent,
    range: SHARE,
    detail: ({ cpu }) => `${cpu.cores} cores, load ${cpu.load1.toFixed(2)}`,
  },
  {
    series: 'memory',
    title: 'Memory',
    format: percent,
    range: SHARE,
    detail: ({ memory }) => `${bytes(memory.availableBytes)} free, parlmesh ${bytes(memory.processBytes)}`,
  },
  {
    series: 'temperature',
    title: 'Temperature',
    format: celsius,
    detail: (view) => (view.temperatureCelsius === undefined ? 'no sensor on this board' : throttling(view)),
  },
  {
    series: 'battery',
    title: 'Battery',
    format: percent,
    range: SHARE,
    detail: ({ battery }) => (battery?.discharging ? 'feeds the board' : 'not used up'),
  },
  {
    series: 'disk',
    title: 'Storage',
    format: percent,
    range: SHARE,
    detail: ({ disk }) =>
      `${bytes(disk.availableBytes)} free${disk.wear === undefined ? '' : `, ${percent(disk.wear)} worn`}`,
  },
];

const RESTS: Partial<Record<NonNullable<HardwareView['power']>['state'], string>> = {
  resting: 'The board rests by its duty cycle: cameras are off, and it takes no work.',
  low: 'The board rests because its battery is low: cameras are off, and it takes no work.',
  critical: 'The battery is nearly empty: charge it, or the board ends soon.',
};

/** A loop held up longer than this is felt by everything on the node. */
const SLOW_LOOP_SECONDS = 0.1;

export function HardwareStrip({ view }: { view: HardwareView | undefined }) {
  return (
    <section aria-label="This board">
      <div class="vitals">
        {VITALS.filter(({ series }) => series !== 'battery' || view?.battery !== undefined).map((vital) => (
          <Figure key={vital.series} vital={vital} view={view} />
        ))}
      </div>
      {view !== undefined && <Unusual view={view} />}
    </section>
  );
}

function Figure({ vital, view }: { vital: Vital; view: HardwareView | undefined }) {
  const [pointed, point] = useState<{ at: number; value: number }>();
  const present = view === undefined ? undefined : SERIES[vital.series](view);
  const value = pointed?.value ?? present;
  return (
    <div class="vital">
      <h2>{vital.title}</h2>
      <p class="figure">{vital.format(value)}</p>
      <Chart
        samples={history.value[vital.series]}
        range={vital.range}
        onPoint={point}
        label={`${vital.title} over the last hour, now ${vital.format(present)}`}
      />
      <p class="muted">
        {pointed !== undefined ? `at ${time(pointed.at, now.value, true)}` : view && vital.detail(view)}
      </p>
    </div>
  );
}

function throttling({ throttling: flags }: HardwareView): string {
  if (flags === undefined) return 'no throttling told';
  if (flags.throttled || flags.frequencyCapped || flags.softTemperatureLimit) return 'throttled now';
  if (flags.underVoltage) return 'supply voltage too low now';
  if (flags.everThrottled) return 'was throttled since it booted';
  return flags.everUnderVoltage ? 'low voltage since it booted' : 'never throttled';
}

function Unusual({ view }: { view: HardwareView }) {
  const lines: string[] = [];
  const flags = view.throttling;
  if (flags?.underVoltage)
    lines.push('The supply voltage is too low: the board may reset. Use a stronger power supply or a shorter cable.');
  if (flags?.throttled || flags?.softTemperatureLimit)
    lines.push('The board slows itself because it is hot: give it air or a heat sink.');
  if (view.eventLoopDelaySeconds > SLOW_LOOP_SECONDS) {
    lines.push(
      `The daemon was held up for ${latency(view.eventLoopDelaySeconds)}: the board is short of processor time.`,
    );
  }
  const power = RESTS[view.power?.state ?? 'awake'];
  if (power !== undefined) {
    const { until } = view.power ?? {};
    lines.push(`${power}${until === undefined ? '' : ` It works again at ${time(until, now.value, true)}.`}`);
  }
  return (
    <ul class="lines">
      {lines.map((line) => (
        <li key={line.slice(0, 24)}>
          <Toned tone="warn">{line}</Toned>
        </li>
      ))}
    </ul>
  );
}
