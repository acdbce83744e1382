// Settings of the places that are watched for faults: lamps, displays, and things that have a usual look.

import { type Static, Type } from 'typebox';

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' });
const Subject = Type.String({
  pattern: '^(node|agent|link|camera|service)/[^\\s]{1,128}$',
  description:
    'What the place tells of: `node/pi-3`, `agent/checker-1`, `link/pi-3`, `camera/yard`, `service/mqtt`. What this place shows is joined with what the mesh and the agents say of it.',
});

const Colour = Type.Union([
  Type.Literal('off'),
  Type.Literal('red'),
  Type.Literal('amber'),
  Type.Literal('green'),
  Type.Literal('blue'),
  Type.Literal('white'),
]);
export type LedColour = Static<typeof Colour>;

const common = {
  name: Name,
  zone: Type.String({
    pattern: '^[a-z0-9][a-z0-9_-]{0,31}$',
    description: 'Name of one of the camera’s zones: where the place is in the picture, drawn closely around it.',
  }),
  about: Type.Optional(Subject),
};

export const PlaceConfig = Type.Union([
  Type.Object(
    {
      ...common,
      kind: Type.Literal('led', { description: 'A lamp: its colour, and whether it is on, off or blinks.' }),
      colours: Type.Optional(
        Type.Array(Colour, { maxItems: 6, description: 'Colours that are well while it is lit. Default: any.' }),
      ),
      well: Type.Optional(
        Type.Array(Type.Union([Type.Literal('on'), Type.Literal('off'), Type.Literal('blinking')]), {
          minItems: 1,
          maxItems: 3,
          description: 'What is well. Default: `on` and `blinking`.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      ...common,
      kind: Type.Literal('display', {
        description: 'A screen or dashboard, whose text is read. The zone must be among the camera’s `ocr` too.',
      }),
      well: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'Regular expression that its text matches while all is well.',
        }),
      ),
      fault: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'Regular expression that tells of a fault: `ERR|FAIL|OFFLINE`.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      ...common,
      kind: Type.Literal('look', {
        description: 'A door, a cable, a switch: looks as it was taught (`parlmesh vision teach CAMERA PLACE STATE`).',
      }),
      well: Type.Array(Name, {
        minItems: 1,
        maxItems: 8,
        description: 'Taught states that are well: `closed`, `plugged`.',
      }),
    },
    { additionalProperties: false },
  ),
]);
export type PlaceConfig = Static<typeof PlaceConfig>;

export const PlacesConfig = Type.Array(PlaceConfig, {
  default: [],
  maxItems: 32,
  description: 'Places in the picture that tell how devices are.',
});
export type PlacesConfig = Static<typeof PlacesConfig>;
