// What the hardware agent needs of a board's reading. The daemon's richer reading fits it.

export interface HardwareReading {
  cpu: {
    /** Share of all cores in use, 0 to 1. */
    load: number;
  };
  memory: { totalBytes: number; availableBytes: number };
  temperatureCelsius?: number;
  throttling?: { underVoltage: boolean; throttled: boolean };
  /** `charge` is the share that is left. */
  battery?: { charge: number; discharging: boolean };
  disk: { path: string; totalBytes: number; availableBytes: number };
  /** Worst delay of the event loop since the last reading. */
  eventLoopDelaySeconds: number;
}

/** Reads the board. */
export interface HardwareSource<Reading extends HardwareReading> {
  read(): Promise<Reading>;
}
