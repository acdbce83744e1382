// Settings of the cameras and of what looks through them.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { PlacesConfig } from './correction/config.ts';
import { OcrConfig } from './ocr/config.ts';

const Point = Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 2, maxItems: 2 });
const Polygon = Type.Array(Point, {
  minItems: 3,
  maxItems: 32,
  description: 'Corners as [x, y] shares of width and height.',
});

export const ZoneConfig = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' }),
    points: Polygon,
    labels: Type.Array(Type.String({ maxLength: 64 }), {
      default: [],
      maxItems: 64,
      description: 'Only these classes count in the zone; empty counts all.',
    }),
    minSize: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'Least share of the picture that a thing’s box takes to count in the zone.',
    }),
    loiterSeconds: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 3600,
      description: 'Seconds that a thing stands in the zone before it counts; passers-by do not.',
    }),
  },
  { additionalProperties: false },
);
export type ZoneConfig = Static<typeof ZoneConfig>;

const Day = Type.Union([
  Type.Literal('mon'),
  Type.Literal('tue'),
  Type.Literal('wed'),
  Type.Literal('thu'),
  Type.Literal('fri'),
  Type.Literal('sat'),
  Type.Literal('sun'),
]);
const TimeOfDay = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$',
  description: 'Hour and minute, `06:30`.',
});

export const ScheduleEntry = Type.Object(
  {
    days: Type.Array(Day, {
      default: [],
      maxItems: 7,
      description: '`mon` to `sun`; empty means every day.',
    }),
    from: TimeOfDay,
    to: TimeOfDay,
  },
  {
    additionalProperties: false,
    description: 'A time of the day in the board’s time zone; one that ends before it begins lasts past midnight.',
  },
);
export type ScheduleEntry = Static<typeof ScheduleEntry>;

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
        '`mjpeg+http://…`, `rtsp://…`, `v4l2:/dev/video0`, `libcamera:` (a Raspberry Pi’s own camera), `file:/path/video.mp4`, ' +
        'or `rendered:` (a test scene).',
    }),
    role: Type.Union([Type.Literal('watch'), Type.Literal('meter'), Type.Literal('status')], {
      default: 'watch',
      description:
        'watch: things that come and go. meter: a display that is read now and then (no detection, 0.2 frames a second). ' +
        'status: lamps and screens of devices (no detection, 1 frame a second). What is set below counts more.',
    }),
    priority: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 9,
      description: '0 to 9: where not all pictures can be looked at, cameras with less give way first.',
    }),
    framesPerSecond: Type.Optional(
      Type.Number({ minimum: 0.01, maximum: 30, description: 'Frames looked at per second. Default: the profile’s.' }),
    ),
    schedule: Type.Array(ScheduleEntry, {
      default: [],
      maxItems: 32,
      description: 'When the camera is on; outside of it its source is closed. Empty: always.',
    }),
    detect: Type.Optional(
      Type.Boolean({ description: 'Run the object detector on this camera. Default: by the role, on for `watch`.' }),
    ),
    motionGate: Type.Boolean({
      default: true,
      description:
        'Search a video’s picture only where something moved, and all of it every ten seconds. Off searches every picture.',
    }),
    tiles: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 4,
      description:
        'Small things: where the whole picture is searched, search so many overlapping parts each way as well. 2 is five times the ' +
        'work and finds more of what is under a twentieth of the picture; 1 searches no parts.',
    }),
    tamper: Type.Boolean({
      default: true,
      description: 'Watch for a view that is covered, sprayed, moved, out of focus, blinded, frozen, dark or lost.',
    }),
    unusual: Type.Boolean({
      default: true,
      description: 'Tell when the camera shows what it never did before; day and night are learned apart.',
    }),
    labels: Type.Array(Type.String(), { default: [], description: 'Report only these classes; empty reports all.' }),
    minConfidence: Type.Number({
      default: 0.4,
      minimum: 0.05,
      maximum: 1,
      description: 'Detections below this are ignored.',
    }),
    zones: Type.Array(ZoneConfig, {
      default: [],
      maxItems: 16,
      description: 'Named areas; an observation lists the zones its foot point is in.',
    }),
    readings: OcrConfig,
    places: PlacesConfig,
    masks: Type.Array(Polygon, {
      default: [],
      maxItems: 16,
      description:
        'Areas to ignore (blacked out before detection): each a list of corners, `[[0, 0], [0.5, 0], [0.5, 0.3]]`.',
    }),
    privacy: Type.Array(Polygon, {
      default: [],
      maxItems: 16,
      description: 'Areas that are made unrecognisable in every picture that is shown, kept, published or handed on.',
    }),
    blurPersons: Type.Boolean({
      default: false,
      description:
        'Make persons unrecognisable in the same pictures. Only pictures that were searched are shown then; without a working ' +
        'detector the whole picture is made unrecognisable.',
    }),
  },
  { additionalProperties: false },
);
export type CameraConfig = Static<typeof CameraConfig>;

/** A camera's settings with what they leave open; throws what typebox throws for a wrong one. */
export function cameraOf(settings: Partial<CameraConfig> & Pick<CameraConfig, 'name' | 'source'>): CameraConfig {
  const camera: unknown = Value.Default(CameraConfig, structuredClone(settings));
  Value.Assert(CameraConfig, camera);
  return camera;
}

const ROLES: Record<CameraConfig['role'], { detect: boolean; framesPerSecond?: number }> = {
  watch: { detect: true },
  meter: { detect: false, framesPerSecond: 0.2 },
  status: { detect: false, framesPerSecond: 1 },
};

/** Whether the detector looks, and how often: what the settings say, else the role, else `board`. */
export function lookingOf({ role, detect, framesPerSecond }: CameraConfig, board: number): Looking {
  const usual = ROLES[role];
  return {
    detect: detect ?? usual.detect,
    framesPerSecond: framesPerSecond ?? usual.framesPerSecond ?? board,
  };
}

export interface Looking {
  detect: boolean;
  framesPerSecond: number;
}

export const ClipsConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description:
        'Keep a clip of a few seconds with what cameras start to see. Costs one drawn picture four times a second and camera, and up to 6 MB of memory for each.',
    }),
    seconds: Type.Number({
      default: 6,
      minimum: 2,
      maximum: 20,
      description: 'Length of a clip: half of it before something is seen, half after.',
    }),
    keepDays: Type.Number({ default: 7, minimum: 0, maximum: 3650, description: 'Days that clips are kept.' }),
    maxBytes: Type.Integer({
      default: 100_000_000,
      minimum: 0,
      description: 'Most bytes of clips; the oldest go first.',
    }),
    bytesPerHour: Type.Integer({
      default: 5_000_000,
      minimum: 0,
      description:
        'Bytes of clips written in an hour at most, by all cameras together. A clip has 100 to 400 kB; more wears flash faster.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type ClipsConfig = Static<typeof ClipsConfig>;

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
    clips: ClipsConfig,
  },
  { additionalProperties: false, default: {}, description: 'Detection and what is kept of it.' },
);
export type VisionConfig = Static<typeof VisionConfig>;
