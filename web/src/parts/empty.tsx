// What stands where nothing is yet: the fact, and the next step.

import type { ComponentChildren } from 'preact';

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Holds the place of a view whose data is on its way, so that nothing jumps when it arrives. */
export function Waiting() {
  return <p class="waiting">Waiting for the node…</p>;
}
