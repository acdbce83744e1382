// Whether the board slows itself down or is badly fed: the flags of a Raspberry Pi's firmware, or the voltage alarm
// that mainline kernels have instead.

import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

export type Throttling = NonNullable<HardwareView['throttling']>;

const DRIVER = 'sys/bus/platform/drivers/raspberrypi-firmware';

/** `50005` as the firmware writes it: hexadecimal, bits 0 to 3 for now and 16 to 19 for ever since boot. Pure. */
export function parseThrottled(text: string): Throttling | undefined {
  const digits = /^(?:0x)?([0-9a-f]{1,8})$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const flags = Number.parseInt(digits, 16);
  const bit = (index: number): boolean => (flags & (1 << index)) !== 0;
  return {
    underVoltage: bit(0),
    frequencyCapped: bit(1),
    throttled: bit(2),
    softTemperatureLimit: bit(3),
    everUnderVoltage: bit(16),
    everThrottled: bit(18),
  };
}

type Origin = { kind: 'firmware' | 'alarm'; file: string } | { kind: 'none' };

export class PowerFlags {
  readonly #files: SystemFiles;
  #origin: Origin | undefined;
  #everUnderVoltage = false;

  constructor(files: SystemFiles) {
    this.#files = files;
  }

  /** Undefined where the board tells nothing. */
  async read(): Promise<Throttling | undefined> {
    this.#origin ??= await this.#find();
    switch (this.#origin.kind) {
      case 'firmware':
        return this.#firmware(this.#origin.file);
      case 'alarm':
        return this.#alarm(this.#origin.file);
      case 'none':
        return undefined;
    }
  }

  async #firmware(file: string): Promise<Throttling | undefined> {
    const text = await this.#files.text(file);
    return text === undefined ? undefined : (parseThrottled(text) ?? this.#files.garbage(file, text));
  }

  async #alarm(file: string): Promise<Throttling | undefined> {
    const alarm = await this.#files.number(file, 0, 1);
    if (alarm === undefined) return undefined;
    this.#everUnderVoltage ||= alarm === 1;
    return {
      underVoltage: alarm === 1,
      frequencyCapped: false,
      throttled: false,
      softTemperatureLimit: false,
      everUnderVoltage: this.#everUnderVoltage,
      everThrottled: false,
    };
  }

  async #find(): Promise<Origin> {
    // The device's path differs between boards; the driver's folder links to it on all of them.
    const devices = (await this.#files.names(DRIVER)).map((name) => `${DRIVER}/${name}`);
    for (const device of ['sys/devices/platform/soc/soc:firmware', ...devices]) {
      const file = `${device}/get_throttled`;
      if (await this.#files.exists(file)) return { kind: 'firmware', file };
    }
    for (const name of await this.#files.names('sys/class/hwmon')) {
      const folder = `sys/class/hwmon/${name}`;
      if ((await this.#files.text(`${folder}/name`)) === 'rpi_volt') {
        return { kind: 'alarm', file: `${folder}/in0_lcrit_alarm` };
      }
    }
    return { kind: 'none' };
  }
}
