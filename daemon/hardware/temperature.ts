// The temperature of the CPU, out of the many that a board may report.

import type { SystemFiles } from './system-files.ts';

/** Better first. Zones of none of these kinds (battery, radio, a regulator's constant 100 °C) say nothing useful. */
const KINDS: readonly RegExp[] = [/cpu|core|x86_pkg|tdie/i, /soc|main\d|package/i, /^acpitz$/];
const DRIVERS: readonly string[] = ['coretemp', 'k10temp', 'zenpower', 'cpu_thermal', 'cputemp', 'scpi_sensors'];

/** How well a thermal zone's type stands for the CPU: 0 is best; undefined if not at all. Pure. */
export function rankZone(type: string): number | undefined {
  const rank = /gpu/i.test(type) ? -1 : KINDS.findIndex((kind) => kind.test(type));
  return rank === -1 ? undefined : rank;
}

export class Thermometer {
  readonly #files: SystemFiles;
  /** Files of equal rank; found once, and again while they yield nothing. */
  #sensors: string[] = [];

  constructor(files: SystemFiles) {
    this.#files = files;
  }

  /** °C of the hottest of the CPU's sensors; undefined where there is none. */
  async read(): Promise<number | undefined> {
    const known = await this.#hottest();
    if (known !== undefined) return known;
    this.#sensors = await this.#find();
    return this.#hottest();
  }

  async #hottest(): Promise<number | undefined> {
    const readings = await Promise.all(this.#sensors.map((file) => this.#celsius(file)));
    const known = readings.filter((celsius) => celsius !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  async #celsius(file: string): Promise<number | undefined> {
    const value = await this.#files.number(file, -50_000, 150_000);
    // Thousandths everywhere, but for a few vendor kernels that give whole degrees.
    return value === undefined || Math.abs(value) <= 150 ? value : value / 1000;
  }

  async #find(): Promise<string[]> {
    const names = (await this.#files.names('sys/class/thermal')).filter((name) => /^thermal_zone\d+$/.test(name));
    const zones = await Promise.all(
      names.map(async (name) => {
        const type = await this.#files.text(`sys/class/thermal/${name}/type`);
        return { file: `sys/class/thermal/${name}/temp`, rank: type === undefined ? undefined : rankZone(type) };
      }),
    );
    for (const rank of KINDS.keys()) {
      const alike = zones.filter((zone) => zone.rank === rank).map((zone) => zone.file);
      const readable = await Promise.all(alike.map((file) => this.#celsius(file)));
      if (readable.some((celsius) => celsius !== undefined)) return alike;
    }
    return this.#findDriver();
  }

  async #findDriver(): Promise<string[]> {
    const folders = await this.#files.names('sys/class/hwmon');
    const drivers = await Promise.all(folders.map((name) => this.#files.text(`sys/class/hwmon/${name}/name`)));
    const index = drivers.findIndex((driver) => driver !== undefined && DRIVERS.includes(driver));
    return index === -1 ? [] : [`sys/class/hwmon/${folders[index]}/temp1_input`];
  }
}
