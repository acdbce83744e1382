// Light or dark: the device's choice until the reader makes one, which this browser then remembers.

import { signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
const KEY = 'parlmesh.theme';

const device = window.matchMedia('(prefers-color-scheme: dark)');
export const theme = signal<Theme>(stored() ?? (device.matches ? 'dark' : 'light'));

export function followTheme(): void {
  device.addEventListener('change', () => {
    if (stored() === undefined) theme.value = device.matches ? 'dark' : 'light';
  });
  theme.subscribe((value) => {
    document.documentElement.dataset.theme = value;
  });
}

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Storage may be blocked; the choice then lasts for this visit.
  }
}

function stored(): Theme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : undefined;
  } catch {
    return undefined;
  }
}
