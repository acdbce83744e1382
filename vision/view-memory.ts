// What was learned of cameras' views, kept over restarts: a camera that is turned while the node is off is noticed.

/** Where it is kept. Neither throws: what cannot be kept is learned anew. */
export interface ViewMemory {
  /** What was kept under a name, if it can be read. */
  load(name: string): Uint8Array | undefined;
  save(name: string, bytes: Uint8Array): void;
}
