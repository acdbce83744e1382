// What a board's readings say that people should know, with hysteresis. Pure: reading in, symptoms raised and cleared
// out.

import type { JournalEntry } from '../../core/journal.ts';
import { CALM, type HysteresisRule, type HysteresisState, observe } from '../hysteresis.ts';
import type { HardwareReading } from './hardware-reading.ts';

export type HardwareSymptom = 'hot' | 'under-voltage' | 'throttled' | 'memory-low' | 'disk-low' | 'battery-low';

interface SymptomRule extends HysteresisRule {
  symptom: HardwareSymptom;
  severity: 'warning' | 'error';
  /** Undefined where this board does not tell. */
  value(reading: HardwareReading): number | undefined;
  raised(reading: HardwareReading): string;
  cleared: string;
}

const RULES: readonly SymptomRule[] = [
  {
    // Raspberry Pis slow down at 80 to 85 °C; five degrees of distance keep a hovering fan from flapping.
    symptom: 'hot',
    severity: 'warning',
    raise: 80,
    clear: 75,
    raiseAfter: 2,
    clearAfter: 2,
    value: (reading) => reading.temperatureCelsius,
    raised: (reading) =>
      `The board is hot: ${reading.temperatureCelsius?.toFixed(0)} °C. It slows down soon: check fan, case and sun`,
    cleared: 'The board has cooled down',
  },
  {
    // One dip is worth telling; it is over when a minute of readings (at the usual 5 s) shows none.
    symptom: 'under-voltage',
    severity: 'error',
    raise: 1,
    clear: 0,
    raiseAfter: 1,
    clearAfter: 12,
    value: (reading) => flag(reading.throttling?.underVoltage),
    raised: () => 'The supply voltage is too low: use a stronger power supply or a shorter cable',
    cleared: 'The supply voltage is all right again',
  },
  {
    symptom: 'throttled',
    severity: 'warning',
    raise: 1,
    clear: 0,
    raiseAfter: 2,
    clearAfter: 12,
    value: (reading) => flag(reading.throttling?.throttled),
    raised: () => 'The board is throttled: it runs slower than it could, because of heat or supply voltage',
    cleared: 'The board runs at full speed again',
  },
  {
    symptom: 'memory-low',
    severity: 'warning',
    raise: 0.08,
    clear: 0.15,
    raiseAfter: 2,
    clearAfter: 2,
    value: (reading) => share(reading.memory),
    raised: ({ memory }) =>
      `Memory is low: ${megabytes(memory.availableBytes)} of ${megabytes(memory.totalBytes)} left`,
    cleared: 'There is enough memory again',
  },
  {
    symptom: 'disk-low',
    severity: 'warning',
    raise: 0.05,
    clear: 0.08,
    raiseAfter: 2,
    clearAfter: 2,
    value: (reading) => share(reading.disk),
    raised: ({ disk }) => `Disk space is low: ${megabytes(disk.availableBytes)} left at ${disk.path}`,
    cleared: 'There is enough disk space again',
  },
  {
    symptom: 'battery-low',
    severity: 'warning',
    raise: 0.15,
    clear: 0.25,
    raiseAfter: 2,
    clearAfter: 2,
    value: ({ battery }) => battery && (battery.discharging ? battery.charge : 1),
    raised: ({ battery }) =>
      `The battery is low: ${((battery?.charge ?? 0) * 100).toFixed(0)} % left, and it discharges`,
    cleared: 'The battery is charged again, or no longer used up',
  },
];

export type HardwareSymptoms = Readonly<Partial<Record<HardwareSymptom, HysteresisState>>>;

/** The next state, and what the journal should say. A metric that is missing keeps its symptom as it is. */
export function observeReading(
  symptoms: HardwareSymptoms,
  reading: HardwareReading,
): { symptoms: HardwareSymptoms; entries: JournalEntry[] } {
  const next: Partial<Record<HardwareSymptom, HysteresisState>> = { ...symptoms };
  const entries: JournalEntry[] = [];
  for (const rule of RULES) {
    const value = rule.value(reading);
    if (value === undefined || !Number.isFinite(value)) continue;
    const before = symptoms[rule.symptom] ?? CALM;
    const after = observe(before, value, rule);
    next[rule.symptom] = after;
    if (after.raised === before.raised) continue;
    entries.push({
      severity: after.raised ? rule.severity : 'info',
      kind: `hardware.${rule.symptom}${after.raised ? '' : '.cleared'}`,
      subject: 'node',
      message: after.raised ? rule.raised(reading) : rule.cleared,
      data: { value },
    });
  }
  return { symptoms: next, entries };
}

export function activeSymptoms(symptoms: HardwareSymptoms): HardwareSymptom[] {
  return RULES.map((rule) => rule.symptom).filter((symptom) => symptoms[symptom]?.raised);
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function share(space: { totalBytes: number; availableBytes: number }): number {
  return space.availableBytes / space.totalBytes;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
