// Which view is shown: the part of the address after `#/`, and what of it after a further `/`.

import { signal } from '@preact/signals';
import { VIEWS, type ViewName } from './view-names.ts';

export const view = signal(readView());
/** `j-7c2f61` of `#/jobs/j-7c2f61`; empty for the view itself. */
export const item = signal(readItem());

export function followAddress(): void {
  window.addEventListener('hashchange', () => {
    view.value = readView();
    item.value = readItem();
  });
}

function readView(): ViewName {
  return VIEWS.find((name) => location.hash === `#/${name}` || location.hash.startsWith(`#/${name}/`)) ?? 'overview';
}

function readItem(): string {
  const [, , name = ''] = location.hash.split('/');
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}
