// Which view is shown: the part of the address after `#/`.

import { signal } from '@preact/signals';

export const VIEWS = ['overview', 'mesh', 'cameras', 'agents', 'events', 'settings'] as const;
export type ViewName = (typeof VIEWS)[number];

export const view = signal(read());

export function followAddress(): void {
  window.addEventListener('hashchange', () => {
    view.value = read();
  });
}

function read(): ViewName {
  return VIEWS.find((name) => location.hash === `#/${name}`) ?? 'overview';
}
