// The colours of drawings, light and dark: those of the status page. Each is told from its ground by at least 3 to 1,
// words by 4.5 to 1 (a test measures both).

export type Theme = 'light' | 'dark';

export interface Palette {
  ground: string;
  ink: string;
  muted: string;
  accent: string;
  warn: string;
  bad: string;
  /** A link that nothing is said of. */
  plain: string;
  /** By step of a heatmap, least first. */
  heat: readonly [string, string, string, string, string];
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    ground: '#ffffff',
    ink: '#1a1f23',
    muted: '#59646c',
    accent: '#0b6b7a',
    warn: '#8a5300',
    bad: '#b3261e',
    plain: '#8a959c',
    heat: ['#7d8a92', '#2a8797', '#8f7300', '#c2540a', '#9c1210'],
  },
  dark: {
    ground: '#191d20',
    ink: '#e4e8ea',
    muted: '#98a3ab',
    accent: '#58c2d2',
    warn: '#e6b04a',
    bad: '#ff8f86',
    plain: '#76828b',
    heat: ['#76828b', '#4fb3c2', '#dcbc52', '#f5934d', '#ff6a62'],
  },
};
