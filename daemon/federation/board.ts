// What the federation asks of a board: what it can give now, and how likely it stays. Pure.

import type { BoardConstancy } from '../../agents/federation/election/standing.ts';
import { pressureOf } from '../eyes.ts';
import type { HardwareView } from '../view/schema.ts';

/** 0 idle to 1, and the charge while the board runs on battery. */
export function conditionOf(reading: HardwareView | undefined): { pressure: number; battery?: number } {
  const battery = reading?.battery?.discharging ? reading.battery.charge : undefined;
  return { pressure: pressureOf(reading), ...(battery !== undefined && { battery }) };
}

/** @param uptimeSeconds of the node */
export function constancyOf(uptimeSeconds: number, reading: HardwareView | undefined): BoardConstancy {
  const power = reading === undefined ? 'unknown' : reading.battery === undefined ? 'mains' : supplyOf(reading.battery);
  return { uptimeSeconds, power, memoryBytes: reading?.memory.totalBytes ?? 0 };
}

const supplyOf = ({ discharging }: { discharging: boolean }): BoardConstancy['power'] =>
  discharging ? 'battery' : 'mains';
