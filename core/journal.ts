// The journal is the one story of a node: what was seen, why, and what was done. The page, the command line and
// MQTT all show these entries; the store keeps them.

export type Severity = 'info' | 'warning' | 'error';

/** One sentence of the story. */
export interface JournalEntry {
  severity: Severity;
  /** Dotted and stable, for programs: `camera.lost`, `route.changed`, `agent.degraded`. */
  kind: string;
  /** What it is about: `camera/north`, `peer/12D3Koo…`, `agent/hardware`, `service/mqtt`, `node`. */
  subject: string;
  /** A sentence for people, with the cause: "Camera north is lost: ffmpeg ended with code 1 (no route to host)". */
  message: string;
  /** The evidence, JSON-serialisable and small (under 4 kB). */
  data?: Record<string, unknown>;
}

export interface Journal {
  /** Never throws and never blocks. */
  record(entry: JournalEntry): void;
}
