// The one error class of parlmesh. A code for programs, a message for people, a hint that says what to do next.

/** What an error carries besides its message. */
export interface ErrorDetails {
  /** The next step for the person who reads it: a command, a setting, a place to look. */
  hint?: string;
  /** Machine-readable facts: paths, limits, ids. Must be JSON-serialisable. */
  data?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * An error that parlmesh foresaw. `code` is stable and upper-case (`CONFIG_UNKNOWN_KEY`); the message says what is
 * wrong and where.
 */
export class ParlmeshError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly data: Record<string, unknown>;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ParlmeshError';
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }
}

/** The message of anything that was thrown, for journals and `degraded` causes. Never throws. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
}
