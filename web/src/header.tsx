// The bar on top: whose page this is, where one can go, light or dark.

import { node } from './live/live.ts';
import { view } from './router.ts';
import { theme, toggleTheme } from './theme.ts';
import { VIEWS } from './view-names.ts';

export function Header() {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <header class="bar">
      <a class="brand" href="#/overview" aria-label="parlmesh, to the overview">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 23 16 9l7 14z" />
          <circle cx="16" cy="9" r="4" />
          <circle cx="8" cy="23" r="4" />
          <circle cx="24" cy="23" r="4" />
        </svg>
        <span class="brand-name">{node.value?.name ?? 'parlmesh'}</span>
      </a>
      <nav aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={`#/${name}`} aria-current={view.value === name ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <button
        type="button"
        class="theme"
        onClick={toggleTheme}
        aria-label={`Switch to ${next} colours`}
        title={`${next} colours`}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.6v9.8a4.9 4.9 0 0 1 0-9.8z" fill-rule="evenodd" />
        </svg>
      </button>
    </header>
  );
}
