// Which incidents are listed, and in what order. Pure.

import type { IncidentView } from '../../../daemon/view/incident-schema.ts';

export const SHOWS = ['open', 'over', 'all'] as const;
export type Show = (typeof SHOWS)[number];

export interface IncidentFilter {
  show: Show;
  /** Part of the subject as people know it, in any case. */
  subject: string;
}

/** @param named gives a subject as people know it */
export function matches(incident: IncidentView, { show, subject }: IncidentFilter, named: (subject: string) => string) {
  if (show !== 'all' && (show === 'open') !== (incident.closedAt === undefined)) return false;
  return named(incident.subject).toLowerCase().includes(subject.trim().toLowerCase());
}

/** Each once, as the live list tells it where it does: those that are not over first, then the newest first. */
export function merged(live: readonly IncidentView[], older: readonly IncidentView[]): IncidentView[] {
  const isLive = new Set(live.map(({ id }) => id));
  const isOpen = ({ closedAt }: IncidentView): number => Number(closedAt === undefined);
  return [...live, ...older.filter(({ id }) => !isLive.has(id))].sort(
    (a, b) => isOpen(b) - isOpen(a) || b.beganAt - a.beganAt,
  );
}
