// Which events a filter lets through. Pure.

import type { EventView } from '../../../daemon/view/schema.ts';

export const SEVERITIES = ['info', 'warning', 'error'] as const;
type Severity = EventView['severity'];

export interface EventFilter {
  least: Severity;
  /** First word of the kind, empty for all. */
  kind: string;
  text: string;
}

export function matches(event: EventView, { least, kind, text }: EventFilter): boolean {
  if (SEVERITIES.indexOf(event.severity) < SEVERITIES.indexOf(least)) return false;
  if (kind !== '' && event.kind !== kind && !event.kind.startsWith(`${kind}.`)) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === '' || `${event.message} ${event.kind} ${event.subject}`.toLowerCase().includes(wanted);
}

/** A form's text as a severity; anything else lets everything through. */
export function severityRank(text: string): Severity {
  return SEVERITIES.find((severity) => severity === text) ?? 'info';
}
