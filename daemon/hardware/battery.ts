// The battery that the board runs on, where it has one: how full it is, and whether it feeds the board now.

import type { HardwareView } from '../view/schema.ts';
import type { SystemFiles } from './system-files.ts';

export type Battery = NonNullable<HardwareView['battery']>;

const SUPPLIES = 'sys/class/power_supply';
const MOST_SUPPLIES = 16;
/** Where a gauge gives no share: what it gives of present and full amount. */
const AMOUNTS = ['energy', 'charge'] as const;

interface Gauge {
  charge: number;
  /** As the kernel writes it: Charging, Discharging, Not charging, Full, Unknown. */
  status: string | undefined;
}

export class BatteryGauge {
  readonly #files: SystemFiles;

  constructor(files: SystemFiles) {
    this.#files = files;
  }

  /** Undefined where there is none: that of a mouse or a headset does not feed the board. */
  async read(): Promise<Battery | undefined> {
    const gauges: Gauge[] = [];
    let onMains = false;
    for (const name of await this.#files.names(SUPPLIES, MOST_SUPPLIES)) {
      const folder = `${SUPPLIES}/${name}`;
      const type = await this.#files.text(`${folder}/type`);
      if (type !== 'Battery' && type !== 'UPS') {
        onMains ||= (await this.#files.text(`${folder}/online`)) === '1';
      } else if ((await this.#files.text(`${folder}/scope`)) !== 'Device') {
        const charge = await this.#charge(folder);
        if (charge !== undefined) gauges.push({ charge, status: await this.#files.text(`${folder}/status`) });
      }
    }
    return gauges.length === 0 ? undefined : together(gauges, onMains);
  }

  async #charge(folder: string): Promise<number | undefined> {
    const percent = await this.#files.number(`${folder}/capacity`, 0, 100);
    if (percent !== undefined) return percent / 100;
    for (const amount of AMOUNTS) {
      const [now, full] = await Promise.all([
        this.#files.number(`${folder}/${amount}_now`),
        this.#files.number(`${folder}/${amount}_full`, 1),
      ]);
      if (now !== undefined && full !== undefined) return Math.min(1, now / full);
    }
    return undefined;
  }
}

/** Several batteries as one. Those that cannot say which way the current flows feed the board unless mains do. Pure. */
function together(gauges: readonly Gauge[], onMains: boolean): Battery {
  const feeds = ({ status }: Gauge): boolean =>
    status === 'Discharging' || ((status === undefined || status === 'Unknown') && !onMains);
  return {
    charge: gauges.reduce((sum, { charge }) => sum + charge, 0) / gauges.length,
    discharging: gauges.some(feeds),
  };
}
