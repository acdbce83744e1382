// The metrics of how cameras see: what became of their frames, whether the view is free, what stands in their zones.

import type { CameraView } from '../view/schema.ts';
import { countBy, type Family, type Sample, sampleOf } from './samples.ts';

export const sightFamilies: Family[] = [
  camera(
    'parlmesh_camera_frames_searched_total',
    'Frames that the detector searched.',
    ({ looks }) => looks?.searched,
    'counter',
  ),
  camera(
    'parlmesh_camera_frames_moving_total',
    'Frames in which something moved.',
    ({ looks }) => looks?.moving,
    'counter',
  ),
  camera(
    'parlmesh_camera_frames_spared_total',
    'Frames left out because the board is under pressure.',
    ({ looks }) => looks?.spared,
    'counter',
  ),
  camera('parlmesh_camera_view_clear', '1 while nothing disturbs the view.', ({ view }) =>
    view === undefined ? undefined : Number(view.kind === 'clear'),
  ),
  camera('parlmesh_camera_scene_unusual', 'How unusual the scene is, 0 usual to 1.', ({ scene }) => scene?.likelihood),
  {
    name: 'parlmesh_camera_zone_objects',
    type: 'gauge',
    help: 'Things that are in a zone.',
    labels: ['camera', 'zone'],
    read: ({ cameras }) =>
      cameras.flatMap(({ id, zones }) => zones.map(({ name, present = 0 }): Sample => [present, id, name])),
  },
  {
    name: 'parlmesh_place_well',
    type: 'gauge',
    help: '1 while a watched place looks as it should, 0 while not; absent until it is known.',
    labels: ['camera', 'place'],
    read: ({ places }) =>
      places.flatMap(({ camera, places: own }) =>
        own.flatMap(({ name, isWell }) => sampleOf(isWell === undefined ? undefined : Number(isWell), camera, name)),
      ),
  },
  {
    name: 'parlmesh_corrections',
    type: 'gauge',
    help: 'Episodes of self-correction that are kept, by state; asked waits for an operator.',
    labels: ['state'],
    read: ({ corrections }) => countBy(['correcting', 'asked', 'over'], corrections),
  },
];

/** A metric of each camera; left out where it has no value. */
export function camera(
  name: string,
  help: string,
  value: (one: CameraView) => number | undefined,
  type: Family['type'] = 'gauge',
): Family {
  return {
    name,
    type,
    help,
    labels: ['camera'],
    read: ({ cameras }) => cameras.flatMap((one) => sampleOf(value(one), one.id)),
  };
}
