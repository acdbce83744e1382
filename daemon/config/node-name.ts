// The name of a node that nobody named.

/** A host name as a node name: `pi.local` stays, what is not a letter, digit, dot, dash or underscore becomes a dash. */
export function nodeNameOf(host: string): string {
  const name = host
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
  return name === '' ? 'node' : name;
}
