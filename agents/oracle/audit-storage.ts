// What the audit log asks of the store. The store keeps rows as they are; what their hashes mean is `audit-chain.ts`.

export interface AuditRow {
  /** From 1, without gaps. */
  sequence: number;
  /** Milliseconds since 1970. */
  at: number;
  /** `allowed`, `denied`, `frozen`, `checkpoint`: see `AuditKind`. */
  kind: string;
  /** Who acted: `agent/camera/north`, `client/grafana`, `operator/socket`, with `@NODE` when it lives elsewhere. */
  actor: string;
  subject: string;
  /** JSON, under 8 kB. */
  detail: string;
  /** Of the row before, 64 hex digits; of the first row, that of the chain's beginning. */
  previousHash: string;
  /** SHA-256 of all the rest, hex. */
  hash: string;
}

export interface AuditQuery {
  /** Only rows with a greater number. */
  after?: number;
  /** Only rows with a lesser number. */
  before?: number;
  /** Whole kind. */
  kind?: string;
  /** Whole actor. */
  actor?: string;
  limit: number;
}

export interface AuditStorage {
  /** Resolves once all rows are on the disk, synced, in one transaction. Called with ascending numbers; never twice. */
  append(rows: readonly AuditRow[]): Promise<void>;
  /** The row with the greatest number, also when it only waits to be written. Throws when the file cannot be read. */
  last(): AuditRow | undefined;
  /** Newest first; with `after`, oldest first. */
  read(query: AuditQuery): AuditRow[];
  /**
   * All rows in the order in which they lie in the table (not sorted by number), a few at a time. Once rows are older
   * than `store.auditDays`, the first row is a checkpoint, which stands for all that was before it.
   */
  iterate(): Iterable<AuditRow>;
}
