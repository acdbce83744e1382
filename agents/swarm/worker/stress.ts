// How much of a board is left for tasks: heat, throttling, memory, battery and worn flash take from it. Pure.

export interface BoardCondition {
  memory: { totalBytes: number; availableBytes: number };
  temperatureCelsius?: number;
  throttling?: { underVoltage: boolean; throttled: boolean };
  /** `charge` is the share that is left, 0 to 1; it counts while it is used up. */
  battery?: { charge: number; discharging: boolean };
  /** `wear` is the share of the flash's life that is used, where the device tells. */
  disk?: { wear?: number };
  /** Unless it is awake, it rests to save power. */
  power?: { state: 'awake' | 'resting' | 'low' | 'critical' };
  /** What is asked to be left, 0 to 1, whatever the board could do: the self-healing sheds load. */
  relief?: number;
}

/** Boards slow themselves down from about 80 °C; from `begins` on they are spared, at `all` they are given nothing. */
const HEAT = { begins: 70, all: 90 };
/** Share of memory that is free: below `begins` it gets tight, at `all` nothing more fits. */
const MEMORY = { begins: 0.15, all: 0.03 };
const BATTERY = { begins: 0.4, all: 0.1 };
/** Share of the flash's life. Tasks and pictures write: others come first, but a worn card is no danger now. */
const WEAR = { begins: 0.8, all: 1 };
const MOST_OF_WEAR = 0.5;
/** The kernel or the firmware already takes speed away. */
const THROTTLED = 0.5;

/** 0 none to 1 takes nothing: the worst of what presses. */
export function stressOf(condition: BoardCondition): number {
  const { memory, temperatureCelsius, throttling, battery, disk, power, relief = 0 } = condition;
  if (power !== undefined && power.state !== 'awake') return 1;
  const free = memory.totalBytes > 0 ? memory.availableBytes / memory.totalBytes : 1;
  return Math.max(
    relief,
    temperatureCelsius === undefined ? 0 : between(temperatureCelsius, HEAT.begins, HEAT.all),
    throttling?.throttled || throttling?.underVoltage ? THROTTLED : 0,
    between(free, MEMORY.begins, MEMORY.all),
    disk?.wear === undefined ? 0 : MOST_OF_WEAR * between(disk.wear, WEAR.begins, WEAR.all),
    battery?.discharging ? between(battery.charge, BATTERY.begins, BATTERY.all) : 0,
  );
}

/** Where `value` is on the way from `none` (0) to `all` (1). */
function between(value: number, none: number, all: number): number {
  return Math.min(1, Math.max(0, (value - none) / (all - none)));
}

/** Slots that are offered under stress: all of them up to a half, then fewer, none at 1. */
export function slotsUnder(stress: number, slots: number): number {
  return Math.ceil(slots * Math.min(1, 2 * (1 - stress)));
}

export function speedUnder(stress: number, speed: number): number {
  return speed * (1 - stress / 2);
}
