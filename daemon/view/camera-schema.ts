// What is remembered of cameras and what people draw on them: shapes of the API.

import { type Static, Type } from 'typebox';
import { DrawnAreas } from '../cameras/drawn-areas.ts';
import { ObservationView } from './schema.ts';

export const ActivityView = Type.Object(
  {
    camera: Type.String(),
    columns: Type.Integer(),
    rows: Type.Integer(),
    shares: Type.Array(Type.Number(), {
      description: 'Row by row: how often something stood in the cell, as a share of the busiest one.',
    }),
    sightings: Type.Integer({ description: 'How many count still; a day leaves nine tenths.' }),
    busiest: Type.Optional(
      Type.Object(
        { place: Type.String({ description: '`lower left`, `middle`, …' }), share: Type.Number() },
        { description: 'The ninth of the picture that sees most, and its share of all.' },
      ),
    ),
  },
  { description: 'Where things were seen in a camera’s picture.' },
);
export type ActivityView = Static<typeof ActivityView>;

export const ObservationPage = Type.Object({
  observations: Type.Array(ObservationView),
  next: Type.Optional(Type.String({ description: 'Where to go on (`cursor`); missing when there is nothing more.' })),
});
export type ObservationPage = Static<typeof ObservationPage>;

export const CameraAreasView = Type.Object(
  {
    ...DrawnAreas.properties,
    drawn: Type.Boolean({ description: 'They were drawn here, and count more than the configuration’s.' }),
  },
  { description: 'Zones, masks and private areas of a camera.' },
);
export type CameraAreasView = Static<typeof CameraAreasView>;
