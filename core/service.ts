// The one lifecycle: what every part of the daemon implements and `daemon/lifecycle.ts` runs.

export interface Service {
  /** Lower-case, unique on the node: `store`, `mesh`, `http`, `mqtt`, `vision`. */
  readonly name: string;
  /**
   * Resolves when the service does its work; rejects with the cause when it cannot. The constructor does nothing
   * that needs undoing. After a rejection `start` may be called again. `signal` aborts a start in progress.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Gives back everything `start` took. Idempotent; never rejects for what is already gone. */
  stop(): Promise<void>;
}
