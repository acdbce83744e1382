// Peer ids as people know them.

import { computed } from '@preact/signals';
import { shortId } from '../format.ts';
import { node, peers } from './live.ts';

const names = computed(
  () => new Map([node.value, ...(peers.value ?? [])].flatMap((known) => (known ? [[known.id, known.name]] : []))),
);

/** `link/12D3Koo…` as `link/charlie`; ids that nobody knows any more are shortened. */
export function readable(subject: string): string {
  return subject
    .split('/')
    .map((part) => names.value.get(part) ?? (part.length > 40 ? shortId(part) : part))
    .join('/');
}
