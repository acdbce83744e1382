// What watching some cameras for some time took.

export interface Watched {
  /** Frames looked at, of all cameras, and those of them that a detector searched. */
  frames: number;
  searched: number;
  cpuSeconds: number;
  memoryBytes: number;
  /** How late the event loop was; undefined of programs that have none. */
  loopDelaySeconds?: { p99: number; most: number };
}
