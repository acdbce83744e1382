// The disk that holds the data folder: space, wear, and what this process wrote.

import { stat, statfs } from 'node:fs/promises';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

/** Wear moves by a tenth in years, and asking an eMMC interrupts it. */
const WEAR_PERIOD: Millis = 3_600_000;

/**
 * `0x02 0x01`: life used by the two kinds of cells in tenths, 1 meaning 0 to 10 % and 11 beyond the end. The worse
 * one's upper bound, 0 to 1. Pure.
 */
export function parseLifeTime(text: string): number | undefined {
  const estimates = /^0x([0-9a-f]{1,2})\s+0x([0-9a-f]{1,2})$/i.exec(text)?.slice(1);
  const tenths = Math.max(...(estimates ?? []).map((digits) => Number.parseInt(digits, 16)));
  // 0 stands for "not told".
  return tenths >= 1 && tenths <= 11 ? Math.min(1, tenths / 10) : undefined;
}

export class DiskMeter {
  readonly #files: SystemFiles;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #wear: { at: Millis; used: number | undefined } | undefined;

  constructor(files: SystemFiles, folder: string, clock: Clock, log: Logger) {
    this.#files = files;
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
  }

  async read(): Promise<HardwareView['disk']> {
    const [space, wear, writtenBytes] = await Promise.all([this.#space(), this.#wearNow(), this.#written()]);
    return {
      path: this.#folder,
      ...space,
      ...(wear === undefined ? {} : { wear }),
      ...(writtenBytes === undefined ? {} : { writtenBytes }),
    };
  }

  async #space(): Promise<{ totalBytes: number; availableBytes: number }> {
    try {
      const { bsize, blocks, bavail } = await statfs(this.#folder);
      return { totalBytes: blocks * bsize, availableBytes: bavail * bsize };
    } catch (thrown) {
      this.#log.debug({ folder: this.#folder, cause: messageOf(thrown) }, 'cannot measure the disk');
      return { totalBytes: 0, availableBytes: 0 };
    }
  }

  async #written(): Promise<number | undefined> {
    const bytes = /^write_bytes: (\d+)$/m.exec((await this.#files.text('proc/self/io')) ?? '')?.[1];
    return bytes === undefined ? undefined : Number(bytes);
  }

  async #wearNow(): Promise<number | undefined> {
    const now = this.#clock.now();
    if (this.#wear === undefined || now - this.#wear.at >= WEAR_PERIOD) {
      this.#wear = { at: now, used: await this.#readWear() };
    }
    return this.#wear.used;
  }

  /** Of the eMMC with the data folder; where that cannot be told (overlay file systems), of the most worn one. */
  async #readWear(): Promise<number | undefined> {
    const cards = (await this.#files.names('sys/block')).filter((name) => /^mmcblk\d+$/.test(name));
    const wears = await Promise.all(
      cards.map(async (card) => {
        const file = `sys/block/${card}/device/life_time`;
        const text = await this.#files.text(file);
        const used = text === undefined ? undefined : (parseLifeTime(text) ?? this.#files.garbage(file, text));
        return { used, own: await this.#holdsFolder(card) };
      }),
    );
    const own = wears.filter((wear) => wear.own);
    const used = (own.length > 0 ? own : wears).map((wear) => wear.used).filter((value) => value !== undefined);
    return used.length === 0 ? undefined : Math.max(...used);
  }

  /** Whether the folder's device is this card or a partition of it, by the device numbers in sysfs. */
  async #holdsFolder(card: string): Promise<boolean> {
    const device = await stat(this.#folder).then(
      ({ dev }) => deviceNumber(dev),
      () => undefined,
    );
    const partitions = (await this.#files.names(`sys/block/${card}`)).filter((name) => name.startsWith(card));
    const files = ['dev', ...partitions.map((name) => `${name}/dev`)];
    const numbers = await Promise.all(files.map((file) => this.#files.text(`sys/block/${card}/${file}`)));
    return numbers.some((number) => number !== undefined && number === device);
  }
}

/** `stat`'s device number as sysfs writes it, `major:minor` (Linux packs them so since 2.6). Pure. */
export function deviceNumber(dev: number): string {
  return `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;
}
