// The areas of a camera while they are edited: zones, masks and private areas as one list, and back. Pure.

import type { CameraAreasView } from '../../../daemon/view/camera-schema.ts';
import { type Corner, corner, crossesItself, LEAST_CORNERS } from './polygon.ts';

export const KINDS = ['zone', 'mask', 'privacy'] as const;
export type AreaKind = (typeof KINDS)[number];

type Zone = NonNullable<CameraAreasView['zones']>[number];

export interface Area {
  kind: AreaKind;
  /** Of zones only. */
  name: string;
  points: Corner[];
  /** What a zone has beside name and corners. */
  settings: Omit<Zone, 'name' | 'points'>;
}

export const NO_SETTINGS: Area['settings'] = { labels: [], minSize: 0, loiterSeconds: 0 };

export function areasOf({ zones = [], masks = [], privacy = [] }: CameraAreasView): Area[] {
  const bare =
    (kind: AreaKind) =>
    (polygon: (typeof masks)[number]): Area => ({
      ...{ kind, name: '', settings: NO_SETTINGS },
      points: polygon.map(([x = 0, y = 0]) => corner(x, y)),
    });
  return [
    ...zones.map(({ name, points, ...settings }): Area => ({ ...bare('zone')(points), name, settings })),
    ...masks.map(bare('mask')),
    ...privacy.map(bare('privacy')),
  ];
}

export function viewOf(areas: readonly Area[]) {
  const of = (kind: AreaKind) => areas.filter((area) => area.kind === kind);
  return {
    zones: of('zone').map(({ name, points, settings }) => ({ name, points, ...settings })),
    masks: of('mask').map(({ points }) => points),
    privacy: of('privacy').map(({ points }) => points),
  };
}

/** What keeps the areas from being saved, in words; undefined when they may be. */
export function problemOf(areas: readonly Area[]): string | undefined {
  const names = areas.flatMap(({ kind, name }) => (kind === 'zone' ? [name] : []));
  const wrong = names.find((name) => !/^[a-z0-9][a-z0-9_-]{0,31}$/.test(name));
  if (wrong !== undefined) return `"${wrong}" is no name: small letters, digits, - and _, at most 32.`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two zones are called ${twice}.`;
  if (areas.some(({ points }) => points.length < LEAST_CORNERS)) return 'An area needs three corners.';
  const crossing = areas.find(({ points }) => crossesItself(points));
  return crossing === undefined ? undefined : `The sides of ${titleOf(crossing, areas)} cross each other.`;
}

export function titleOf(area: Area, areas: readonly Area[]): string {
  if (area.kind === 'zone') return `zone ${area.name}`;
  const number = areas.filter(({ kind }) => kind === area.kind).indexOf(area) + 1;
  return `${area.kind === 'mask' ? 'mask' : 'private area'} ${number}`;
}
