// One reading of this board, straight from /proc and /sys: no programs are started, and the event loop is held for
// well under two milliseconds.

import { type NetworkInterfaceInfo, networkInterfaces, uptime } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import type { HardwareView } from '../view/schema.ts';
import { BatteryGauge } from './battery.ts';
import { CpuMeter } from './cpu.ts';
import { DiskMeter } from './disk.ts';
import { LoopDelay } from './loop-delay.ts';
import { readMemory } from './memory.ts';
import { readInterfaces } from './network.ts';
import { SystemFiles } from './system-files.ts';
import { Thermometer } from './temperature.ts';
import { PowerFlags } from './throttling.ts';

export interface HardwareReaderOptions {
  clock: Clock;
  /** The folder whose disk is measured. */
  dataDir: string;
  logger?: Logger;
  /** Where /proc and /sys are, for tests. */
  root?: string;
  /** Default `os.networkInterfaces`. */
  networkInterfaces?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  /** Changes each reading, for trying out what follows. */
  overlaid?: (reading: HardwareView) => HardwareView;
}

export class HardwareReader {
  readonly #clock: Clock;
  readonly #files: SystemFiles;
  readonly #addresses: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly #cpu: CpuMeter;
  readonly #thermometer: Thermometer;
  readonly #power: PowerFlags;
  readonly #battery: BatteryGauge;
  readonly #disk: DiskMeter;
  readonly #loop = new LoopDelay();
  readonly #overlaid: (reading: HardwareView) => HardwareView;

  constructor(options: HardwareReaderOptions) {
    const log = options.logger ?? silentLogger;
    this.#clock = options.clock;
    this.#files = new SystemFiles(options.root ?? '/', log);
    this.#addresses = options.networkInterfaces ?? networkInterfaces;
    this.#cpu = new CpuMeter(this.#files);
    this.#thermometer = new Thermometer(this.#files);
    this.#power = new PowerFlags(this.#files);
    this.#battery = new BatteryGauge(this.#files);
    this.#overlaid = options.overlaid ?? ((reading) => reading);
    this.#disk = new DiskMeter(this.#files, options.dataDir, options.clock, log);
  }

  /** Never rejects for what the board does not tell: that is absent from the view. */
  async read(): Promise<HardwareView> {
    const [cpu, memory, temperatureCelsius, throttling, battery, disk, interfaces, uptimeSeconds] = await Promise.all([
      this.#cpu.read(),
      readMemory(this.#files),
      this.#thermometer.read(),
      this.#power.read(),
      this.#battery.read(),
      this.#disk.read(),
      readInterfaces(this.#files, this.#addresses()),
      this.#uptime(),
    ]);
    return this.#overlaid({
      at: this.#clock.wall(),
      cpu,
      memory,
      ...(temperatureCelsius === undefined ? {} : { temperatureCelsius }),
      ...(throttling === undefined ? {} : { throttling }),
      ...(battery === undefined ? {} : { battery }),
      disk,
      interfaces,
      uptimeSeconds,
      eventLoopDelaySeconds: this.#loop.take(),
    });
  }

  /** Ends the watch on the event loop, which the first reading begins. */
  close(): void {
    this.#loop.close();
  }

  async #uptime(): Promise<number> {
    const seconds = Number((await this.#files.text('proc/uptime'))?.split(' ')[0]);
    return Number.isFinite(seconds) && seconds > 0 ? seconds : uptime();
  }
}
