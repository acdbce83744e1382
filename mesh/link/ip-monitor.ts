// Reads what `ip -oneline monitor link` prints: one line for each change of an interface.

export interface CarrierEvent {
  name: string;
  /** It can carry traffic. */
  up: boolean;
}

/** A line that is longer is no event. */
const MOST_LINE = 4096;

/**
 * Undefined for lines that are about something else. An interface is up when it is enabled and has a carrier (the flag
 * LOWER_UP): bridges and tunnels report the state UNKNOWN for ever.
 */
export function readCarrierEvent(line: string): CarrierEvent | undefined {
  if (line.length > MOST_LINE) return undefined;
  const match = /^(Deleted )?\d+: ([^\s:@]+)(?:@[^\s:]+)?: <([A-Z0-9_,-]*)>/.exec(line);
  if (match === null) return undefined;
  const [, deleted, name = '', flags = ''] = match;
  const set = new Set(flags.split(','));
  return { name, up: deleted === undefined && set.has('UP') && set.has('LOWER_UP') };
}

/** Cuts a stream of text into lines; what has no end within a bound is thrown away. */
export class LineReader {
  #rest = '';

  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    const rest = lines.pop() ?? '';
    this.#rest = rest.length > MOST_LINE ? '' : rest;
    return lines.map((line) => line.replace(/^\[[^\]]*\]/, '').trim());
  }
}
