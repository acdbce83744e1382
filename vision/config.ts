// Settings of the cameras and of what looks through them.

import { type Static, Type } from 'typebox';

const Point = Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 2, maxItems: 2 });
const Polygon = Type.Array(Point, {
  minItems: 3,
  maxItems: 32,
  description: 'Corners as [x, y] shares of width and height.',
});

export const CameraConfig = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]{0,31}$',
      description: 'Unique on the node; used in topics and addresses.',
    }),
    source: Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'Where pictures come from: `folder:/path` (new pictures are shown as they arrive), `http://…` or `https://…` of a still picture, ' +
        '`mjpeg+http://…`, `rtsp://…`, `v4l2:/dev/video0`, `file:/path/video.mp4`, or `rendered:` (a test scene).',
    }),
    framesPerSecond: Type.Optional(
      Type.Number({ minimum: 0.01, maximum: 30, description: 'Frames looked at per second. Default: the profile’s.' }),
    ),
    detect: Type.Boolean({ default: true, description: 'Run the object detector on this camera.' }),
    labels: Type.Array(Type.String(), { default: [], description: 'Report only these classes; empty reports all.' }),
    minConfidence: Type.Number({
      default: 0.4,
      minimum: 0.05,
      maximum: 1,
      description: 'Detections below this are ignored.',
    }),
    zones: Type.Array(
      Type.Object(
        {
          name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' }),
          points: Polygon,
        },
        { additionalProperties: false },
      ),
      { default: [], maxItems: 16, description: 'Named areas; an observation lists the zones its foot point is in.' },
    ),
    masks: Type.Array(Polygon, {
      default: [],
      maxItems: 16,
      description:
        'Areas to ignore (blacked out before detection): each a list of corners, `[[0, 0], [0.5, 0], [0.5, 0.3]]`.',
    }),
  },
  { additionalProperties: false },
);
export type CameraConfig = Static<typeof CameraConfig>;

export const VisionConfig = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Off leaves cameras closed.' }),
    detector: Type.Optional(
      Type.String({ description: 'Model id from `parlmesh model list`. Default: the profile’s.' }),
    ),
    threads: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 16, description: 'Inference threads. Default: the profile’s.' }),
    ),
    snapshots: Type.Object(
      {
        keepDays: Type.Number({ default: 7, minimum: 0, maximum: 3650, description: 'Days that snapshots are kept.' }),
        maxBytes: Type.Integer({
          default: 200_000_000,
          minimum: 0,
          description: 'Most bytes of snapshots; the oldest go first.',
        }),
        bytesPerHour: Type.Integer({
          default: 10_000_000,
          minimum: 0,
          description:
            'Bytes of snapshots written in an hour at most, by all cameras together; beyond it, observations are recorded without one. ' +
            'A snapshot has 30 to 150 kB. More shows more and wears flash faster.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {}, description: 'Detection and what is kept of it.' },
);
export type VisionConfig = Static<typeof VisionConfig>;
