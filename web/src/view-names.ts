// The views of the page, in the order of its navigation.

export const VIEWS = [
  'overview',
  'mesh',
  'jobs',
  'learning',
  'healing',
  'cameras',
  'agents',
  'events',
  'settings',
] as const;
export type ViewName = (typeof VIEWS)[number];
