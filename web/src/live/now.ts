// The page's clock, slow on purpose: what is shown changes when something happened, not every second.

import { signal } from '@preact/signals';

/** Milliseconds since 1970, moved on every ten seconds. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 10_000);
