// How busy the cores are and how fast they run.

import { availableParallelism, loadavg } from 'node:os';
import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

/** Ticks since boot, summed over all cores. */
export interface CpuTicks {
  busy: number;
  all: number;
}

/** The first lines of /proc/stat. Pure. */
export function parseStat(text: string): { ticks: CpuTicks; cores: number } | undefined {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.split(' ').map(Number);
  if (fields === undefined || fields.length < 4) return undefined;
  // user nice system idle iowait irq softirq steal; guest times are within user already.
  const counted = fields.slice(0, 8);
  const all = counted.reduce((sum, value) => sum + value, 0);
  const idle = counted[3]! + (counted[4] ?? 0);
  return { ticks: { busy: all - idle, all }, cores: text.match(/^cpu\d+ /gm)?.length ?? 0 };
}

/** The share of all cores in use between two samples; undefined when no time passed or a counter went back. */
export function loadBetween(before: CpuTicks, after: CpuTicks): number | undefined {
  const all = after.all - before.all;
  if (all <= 0) return undefined;
  return Math.min(1, Math.max(0, (after.busy - before.busy) / all));
}

export class CpuMeter {
  readonly #files: SystemFiles;
  #before: CpuTicks | undefined;
  #load = 0;

  constructor(files: SystemFiles) {
    this.#files = files;
  }

  async read(): Promise<HardwareView['cpu']> {
    const [stat, average, frequencyHz] = await Promise.all([
      this.#files.text('proc/stat'),
      this.#files.text('proc/loadavg'),
      this.#frequency(),
    ]);
    const now = stat === undefined ? undefined : parseStat(stat);
    const cores = now?.cores || availableParallelism();
    const load1 = parseLoad1(average) ?? loadavg()[0] ?? 0;
    if (now !== undefined) {
      // The first reading has nothing to compare with: the kernel's own average is the best guess.
      this.#load =
        this.#before === undefined ? Math.min(1, load1 / cores) : (loadBetween(this.#before, now.ticks) ?? this.#load);
      this.#before = now.ticks;
    }
    return { load: this.#load, cores, load1, ...(frequencyHz === undefined ? {} : { frequencyHz }) };
  }

  /** The fastest cluster's present clock: boards with big and small cores have two or three. */
  async #frequency(): Promise<number | undefined> {
    const folder = 'sys/devices/system/cpu/cpufreq';
    const policies = (await this.#files.names(folder)).filter((name) => /^policy\d+$/.test(name));
    // One policy a cluster on boards, one a core on PCs, where the first few tell enough.
    const clocks = await Promise.all(
      policies.slice(0, 4).map((name) => this.#files.number(`${folder}/${name}/scaling_cur_freq`, 1, 20_000_000)),
    );
    const known = clocks.filter((kilohertz) => kilohertz !== undefined);
    return known.length === 0 ? undefined : Math.max(...known) * 1000;
  }
}

function parseLoad1(text: string | undefined): number | undefined {
  const value = /^\d+\.\d+/.exec(text ?? '')?.[0];
  return value === undefined ? undefined : Number(value);
}
