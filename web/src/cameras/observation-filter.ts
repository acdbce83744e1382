// What a search of observations asks for, as a request and as a question to one observation. Pure.

import type { EventView, ObservationView } from '../../../daemon/view/schema.ts';

export interface ObservationFilter {
  camera: string;
  label: string;
  zone: string;
  text: string;
  /** Local times as a form gives them, `2026-11-29T12:00`; empty: any. */
  from: string;
  to: string;
}

export const ANY: ObservationFilter = { camera: '', label: '', zone: '', text: '', from: '', to: '' };

export function queryOf({ from, to, ...words }: ObservationFilter, cursor?: string): string {
  const query = new URLSearchParams({ limit: '48' });
  for (const [key, value] of Object.entries(words)) if (value.trim() !== '') query.set(key, value.trim());
  for (const [key, value] of Object.entries({ from: timeOf(from), to: timeOf(to) }))
    if (value !== undefined) query.set(key, String(value));
  if (cursor !== undefined) query.set('cursor', cursor);
  return query.toString();
}

/** Whether a newcomer belongs to what was found. */
export function matches(observation: ObservationView, filter: ObservationFilter): boolean {
  const { camera, label, zones, startedAt } = observation;
  const [wantedLabel, zone, text] = [filter.label.trim(), filter.zone.trim(), filter.text.trim().toLowerCase()];
  return (
    (filter.camera === '' || filter.camera === camera) &&
    (wantedLabel === '' || wantedLabel === label) &&
    (zone === '' || zones.includes(zone)) &&
    (text === '' || [label, camera, ...zones].some((word) => word.toLowerCase().includes(text))) &&
    startedAt >= (timeOf(filter.from) ?? 0) &&
    startedAt <= (timeOf(filter.to) ?? Number.POSITIVE_INFINITY)
  );
}

/** The newest values that zones took, of one camera or all. */
export function readingsQuery({ camera }: ObservationFilter): string {
  return new URLSearchParams({
    kind: 'zone.read',
    limit: '500',
    ...(camera !== '' && { subject: `camera/${camera}` }),
  }).toString();
}

export function readingMatches(
  { at, kind, subject, message, data }: EventView,
  { camera, zone, text, from, to }: ObservationFilter,
): boolean {
  return (
    kind === 'zone.read' &&
    (camera === '' || subject === `camera/${camera}`) &&
    message.toLowerCase().includes(text.trim().toLowerCase()) &&
    (zone === '' || data?.zone === zone) &&
    at >= (timeOf(from) ?? 0) &&
    at <= (timeOf(to) ?? Number.POSITIVE_INFINITY)
  );
}

function timeOf(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** By local day, in the order of the list. */
export function byDay<T extends { startedAt: number }>(list: readonly T[]): [day: string, T[]][] {
  const days = new Map<string, T[]>();
  for (const one of list) {
    const day = new Date(one.startedAt).toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
    const of = days.get(day);
    if (of === undefined) days.set(day, [one]);
    else of.push(one);
  }
  return [...days];
}
