// The configuration as a plain tree of groups, lists and values, before anybody has said that it is right.

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `key:` with nothing after it sets nothing, so that a section may stand with all its lines commented out. */
export function isSet(group: Record<string, unknown>, key: string): boolean {
  return Object.hasOwn(group, key) && group[key] !== null && group[key] !== undefined;
}

/** A copy without the keys that set nothing. */
export function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isGroup(value)) return value;
  const keys = Object.keys(value).filter((key) => isSet(value, key));
  return Object.fromEntries(keys.map((key) => [key, withoutUnset(value[key])]));
}

/** `http` + `port` -> `http.port`; `cameras` + 1 -> `cameras[1]`; `http` + `a b` -> `http["a b"]`. */
export function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[\w$-]+$/.test(key)) return `${path}[${JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** What a setting's dotted path holds; undefined where it is not set. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((group, key) => (isGroup(group) && isSet(group, key) ? group[key] : undefined), tree);
}
