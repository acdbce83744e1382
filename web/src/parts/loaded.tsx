// A part of the page that is fetched on its own: its place, its content, or why it is missing.

import type { ComponentChildren } from 'preact';
import type { Resource } from '../live/resource.ts';

export function Loaded<T>({
  resource,
  children,
}: {
  resource: Resource<T>;
  children: (value: T) => ComponentChildren;
}) {
  if (resource.kind === 'loading') return <p class="muted">Loading…</p>;
  if (resource.kind === 'failed') return <p class="cause">{resource.cause}</p>;
  return <>{children(resource.value)}</>;
}
