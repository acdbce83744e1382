// A configuration as lines of path and value, as it would be looked up in the reference. Pure.

export interface Setting {
  path: string;
  value: string;
}

/** Sections by their first name, in the order of the file; scalars at the top come under ''. */
export function flatten(config: unknown): Map<string, Setting[]> {
  const sections = new Map<string, Setting[]>();
  if (!isRecord(config)) return sections;
  for (const [name, value] of Object.entries(config)) {
    const section = isRecord(value) || (Array.isArray(value) && value.some(isRecord)) ? name : '';
    sections.set(section, [...(sections.get(section) ?? []), ...lines(value, section === '' ? name : '')]);
  }
  return sections;
}

function lines(value: unknown, path: string): Setting[] {
  if (isRecord(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, inner]) => lines(inner, path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(value) && value.some(isRecord)) {
    return value.flatMap((inner, i) => lines(inner, `${path}[${i}]`));
  }
  return [{ path, value: text(value) }];
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(text).join(', ');
  if (isRecord(value)) return 'none';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
