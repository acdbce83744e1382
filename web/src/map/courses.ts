// The lines that are drawn over the links: the route to a node, what takes over when its first link fails, and, for a
// moment after a failure, the way that it was. Pure.

import type { RouteChangeView, RouteView } from '../../../daemon/view/route-schema.ts';

export interface Course {
  kind: 'route' | 'backup' | 'before';
  /** Node ids, this node first. */
  path: readonly string[];
}

/** The backup first, so that the route lies above it. */
export function coursesTo(id: string, self: string, routes: readonly RouteView[]): Course[] {
  const route = routes.find(({ destination }) => destination === id);
  if (route === undefined) return [];
  const backup: Course[] = route.backup === undefined ? [] : [{ kind: 'backup', path: [self, ...route.backup.path] }];
  return [...backup, { kind: 'route', path: [self, ...route.path] }];
}

/** What moved just now. */
export function coursesOf(changes: readonly RouteChangeView[], self: string): Course[] {
  const before = changes.flatMap(({ before: was }) => (was === undefined ? [] : [was.path]));
  const after = changes.flatMap(({ after: is }) => (is === undefined ? [] : [is.path]));
  return [
    ...before.map((path): Course => ({ kind: 'before', path: [self, ...path] })),
    ...after.map((path): Course => ({ kind: 'route', path: [self, ...path] })),
  ];
}
