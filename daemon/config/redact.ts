// The configuration as it may be shown: secrets become •••.

import type { Config } from './schema.ts';

export const SECRET = '•••';

/** Settings whose whole value is a secret. */
const SECRET_PATHS: ReadonlySet<string> = new Set(['mqtt.password', 'agents.bridges[].password']);

export function isSecret(path: string): boolean {
  return SECRET_PATHS.has(path.replace(/\[\d+\]/g, '[]'));
}

/** Hides user and password in every address within `text`: `rtsp://admin:1234@cam/` -> `rtsp://•••@cam/`. */
export function redactText(text: string): string {
  return text.replace(/(:\/\/)[^/?#\s]*@/g, `$1${SECRET}@`);
}

function redacted(value: unknown, path: string): unknown {
  if (isSecret(path)) return SECRET;
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, redacted(inner, path === '' ? key : `${path}.${key}`)]),
  );
}

/** A copy without secrets, JSON-serialisable. */
export function redactConfig(config: Config): unknown {
  return redacted(config, '');
}
