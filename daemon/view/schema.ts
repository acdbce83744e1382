// What a node shows of itself. One TypeBox schema per thing: source of the HTTP answers and their OpenAPI text, of
// the command line's JSON, of MQTT state and of the page's types. Times are ISO 8601 strings or milliseconds since
// 1970 (`…At`), durations seconds, sizes bytes, shares 0 to 1.

import { type Static, Type } from 'typebox';
import { PowerView } from './power-schema.ts';
import { PresenceView } from './presence-schema.ts';
import { LooksView, ReadingView, SceneView, SightView, ZoneView } from './sight-schema.ts';

/** Milliseconds since 1970. */
export const At = Type.Number({ description: 'Milliseconds since 1970-01-01 UTC.' });
const Score = Type.Number({ minimum: 0, maximum: 1, description: 'Anomaly score: 0 normal to 1 anomalous.' });

export const ServiceView = Type.Object({
  name: Type.String({ description: 'mesh, mqtt, http, vision, a camera as camera/NAME, …' }),
  state: Type.Union([
    Type.Literal('starting'),
    Type.Literal('running'),
    Type.Literal('degraded'),
    Type.Literal('stopping'),
    Type.Literal('stopped'),
  ]),
  required: Type.Boolean(),
  since: At,
  cause: Type.Optional(Type.String({ description: 'Why it is degraded.' })),
  attempts: Type.Integer({ description: 'Starts tried since it last ran.' }),
  nextAttemptAt: Type.Optional(At),
});
export type ServiceView = Static<typeof ServiceView>;

export const NodeView = Type.Object({
  id: Type.String({ description: 'The libp2p peer id: base58 of the node’s Ed25519 public key.' }),
  name: Type.String(),
  version: Type.String(),
  network: Type.Object({ id: Type.String(), name: Type.String(), holdsAuthority: Type.Boolean() }),
  profile: Type.Object({ name: Type.String(), title: Type.String(), reason: Type.String() }),
  startedAt: At,
  uptimeSeconds: Type.Number(),
  health: Type.Object({
    state: Type.Union([Type.Literal('starting'), Type.Literal('well'), Type.Literal('degraded')]),
    sentence: Type.String({ description: 'The page’s first line: "All 5 nodes are well".' }),
    problems: Type.Array(Type.Object({ subject: Type.String(), cause: Type.String(), since: At })),
  }),
  services: Type.Array(ServiceView),
  addresses: Type.Object({
    page: Type.Array(Type.String()),
    mesh: Type.Array(Type.String({ description: 'libp2p multiaddresses' })),
    broker: Type.Optional(Type.String()),
  }),
});
export type NodeView = Static<typeof NodeView>;

export const HardwareView = Type.Object({
  at: At,
  cpu: Type.Object({
    load: Type.Number({ description: 'Share of all cores in use, 0 to 1.' }),
    cores: Type.Integer(),
    load1: Type.Number({ description: 'One-minute load average.' }),
    frequencyHz: Type.Optional(Type.Number()),
  }),
  memory: Type.Object({ totalBytes: Type.Number(), availableBytes: Type.Number(), processBytes: Type.Number() }),
  temperatureCelsius: Type.Optional(Type.Number()),
  throttling: Type.Optional(
    Type.Object({
      underVoltage: Type.Boolean(),
      frequencyCapped: Type.Boolean(),
      throttled: Type.Boolean(),
      softTemperatureLimit: Type.Boolean(),
      everUnderVoltage: Type.Boolean(),
      everThrottled: Type.Boolean(),
    }),
  ),
  battery: Type.Optional(
    Type.Object(
      {
        charge: Type.Number({ description: 'Share that is left, 0 to 1.' }),
        discharging: Type.Boolean({ description: 'Whether it feeds the board now.' }),
      },
      { description: 'Where the board has one.' },
    ),
  ),
  power: Type.Optional(PowerView),
  disk: Type.Object({
    path: Type.String(),
    totalBytes: Type.Number(),
    availableBytes: Type.Number(),
    wear: Type.Optional(Type.Number({ description: 'eMMC life used, 0 to 1, where the device tells.' })),
    writtenBytes: Type.Optional(Type.Number({ description: 'Bytes this process wrote to storage since its start.' })),
  }),
  interfaces: Type.Array(
    Type.Object({
      name: Type.String(),
      up: Type.Boolean(),
      wireless: Type.Boolean(),
      addresses: Type.Array(Type.String()),
      receivedBytes: Type.Number(),
      sentBytes: Type.Number(),
      signalDbm: Type.Optional(Type.Number()),
    }),
  ),
  uptimeSeconds: Type.Number({ description: 'Of the board.' }),
  eventLoopDelaySeconds: Type.Number({ description: 'Worst delay of the event loop since the last reading.' }),
});
export type HardwareView = Static<typeof HardwareView>;

const PeerState = Type.Union(
  [Type.Literal('connected'), Type.Literal('reachable'), Type.Literal('stopped'), Type.Literal('gone')],
  { description: 'stopped: it said goodbye; gone: it was lost.' },
);

export const PeerView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: PeerState,
  since: At,
  transports: Type.Array(Type.Union([Type.Literal('libp2p'), Type.Literal('mqtt'), Type.Literal('memory')])),
  addresses: Type.Array(Type.String()),
  withholds: Type.Optional(
    Type.Literal(true, { description: 'It does not pass on frames for others; other ways are preferred.' }),
  ),
  misdeeds: Type.Optional(
    Type.Object(
      {
        forged: Type.Optional(Type.Integer({ description: 'Forged or broken frames and lists that it handed over.' })),
        flooded: Type.Optional(Type.Integer({ description: 'What was refused because it says too much.' })),
        replayed: Type.Optional(Type.Integer({ description: 'Out-of-date frames that it handed over again.' })),
      },
      { description: 'What this node caught it at within the last minute; left out when there is nothing.' },
    ),
  ),
  shutOut: Type.Optional(
    Type.Object(
      { since: At, why: Type.String({ description: 'What it did, as a sentence.' }) },
      { description: 'This node takes nothing from it any more, until it starts anew or the peer is let in again.' },
    ),
  ),
  lastSeenAt: Type.Optional(At),
  lastError: Type.Optional(Type.String()),
  area: Type.Optional(
    Type.String({ description: 'The part of the network that it is in (`mesh.area`), once it told.' }),
  ),
  /** From the node summary it gossips. */
  profile: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  load: Type.Optional(Type.Number()),
  score: Type.Optional(Score),
  page: Type.Optional(Type.String({ description: 'Address of its status page, where it told one.' })),
  rests: Type.Optional(
    Type.Object(
      { until: Type.Optional(At) },
      { description: 'It saves power: it takes no work, and other ways are preferred to those through it.' },
    ),
  ),
  presence: Type.Optional(PresenceView),
});
export type PeerView = Static<typeof PeerView>;

export const LinkView = Type.Object({
  peer: Type.String(),
  peerName: Type.String(),
  transport: Type.String(),
  address: Type.Optional(Type.String({ description: 'The other side of its connection; a multiaddress.' })),
  probe: Type.Optional(
    Type.Union([Type.Literal('udp'), Type.Literal('stream')], {
      description: 'What measures it: UDP probes, or probes over its connection where UDP gets no answer.',
    }),
  ),
  pace: Type.Optional(
    Type.Union([Type.Literal('full'), Type.Literal('eased')], {
      description: 'eased: probed rarely, because nothing needs the link now and other nodes watch the peer.',
    }),
  ),
  interface: Type.Optional(
    Type.String({ description: 'Whose carrier the kernel watches for it; none where the peer is behind a gateway.' }),
  ),
  state: Type.Union([Type.Literal('up'), Type.Literal('suspect'), Type.Literal('down')]),
  since: At,
  roundTripSeconds: Type.Optional(Type.Number()),
  jitterSeconds: Type.Optional(Type.Number()),
  loss: Type.Number({ minimum: 0, maximum: 1 }),
  cost: Type.Number({ description: 'Link cost used by routing; lower is better.' }),
  flaps: Type.Optional(Type.Integer({ minimum: 0, description: 'Failures so far.' })),
  damped: Type.Optional(
    Type.Boolean({ description: 'It failed too often of late: a last resort until it has held for a while.' }),
  ),
  avoided: Type.Optional(
    Type.Literal(true, {
      description: 'The self-healing has routes go around it where they can, until it has been well for ten minutes.',
    }),
  ),
  cause: Type.Optional(Type.String({ description: 'Why it is suspect or down.' })),
  indirect: Type.Optional(
    Type.Object(
      { reached: Type.Boolean(), asked: Type.Array(Type.String()), via: Type.Optional(Type.String()) },
      { description: 'While it is down: which other nodes were asked whether they reach the peer, and which does.' },
    ),
  ),
});
export type LinkView = Static<typeof LinkView>;

export const TopologyView = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      self: Type.Boolean(),
      state: PeerState,
      score: Score,
      area: Type.Optional(Type.String({ description: 'The part of the network that it is in, once it told.' })),
      profile: Type.Optional(Type.String()),
    }),
  ),
  links: Type.Array(
    Type.Object({
      a: Type.String(),
      b: Type.String(),
      cost: Type.Number(),
      roundTripSeconds: Type.Optional(Type.Number()),
      state: Type.Union([Type.Literal('up'), Type.Literal('suspect'), Type.Literal('down')]),
    }),
  ),
});
export type TopologyView = Static<typeof TopologyView>;

export const AgentView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  version: Type.String(),
  state: Type.Union([
    Type.Literal('starting'),
    Type.Literal('ready'),
    Type.Literal('busy'),
    Type.Literal('degraded'),
    Type.Literal('restarting'),
    Type.Literal('stopped'),
  ]),
  since: At,
  restarts: Type.Integer(),
  lastError: Type.Optional(Type.String()),
  frozen: Type.Optional(
    Type.Object(
      { since: At, reason: Type.String() },
      { description: 'By the oracle: nothing that it asks for is done.' },
    ),
  ),
  capabilities: Type.Array(Type.String({ description: 'action@scope, e.g. camera.capture@node' })),
  mailbox: Type.Object({ waiting: Type.Integer(), most: Type.Integer(), dropped: Type.Integer() }),
});
export type AgentView = Static<typeof AgentView>;

/** Left, top, width, height as shares of the picture's width and height. */
export const Box = Type.Object({ x: Type.Number(), y: Type.Number(), width: Type.Number(), height: Type.Number() });
export type Box = Static<typeof Box>;

export const ObservationView = Type.Object({
  id: Type.String({ description: 'The same from start to end.' }),
  camera: Type.String(),
  phase: Type.Union([Type.Literal('start'), Type.Literal('update'), Type.Literal('end')]),
  label: Type.String(),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  box: Box,
  zones: Type.Array(Type.String()),
  stationary: Type.Optional(Type.Boolean({ description: 'It has not moved for a while.' })),
  startedAt: At,
  updatedAt: At,
  endedAt: Type.Optional(At),
  snapshot: Type.Optional(Type.String({ description: 'Path of the picture with its box, under /api/v3.' })),
  clip: Type.Optional(Type.String({ description: 'Path of an animated WebP of a few seconds, where one was kept.' })),
});
export type ObservationView = Static<typeof ObservationView>;

export const CameraView = Type.Object({
  id: Type.String({ description: 'Its name in the configuration.' }),
  source: Type.String({ description: 'folder, still, mjpeg, ffmpeg or rendered.' }),
  state: Type.Union([
    Type.Literal('starting'),
    Type.Literal('live'),
    Type.Literal('waiting'),
    Type.Literal('lost'),
    Type.Literal('stopped'),
  ]),
  since: At,
  cause: Type.Optional(Type.String()),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  framesPerSecond: Type.Number(),
  framesTotal: Type.Integer(),
  framesSkipped: Type.Integer(),
  framesBroken: Type.Integer(),
  lastFrameAt: Type.Optional(At),
  detector: Type.Optional(Type.String()),
  inferenceSeconds: Type.Optional(Type.Number()),
  objects: Type.Array(ObservationView, { description: 'What is in view now.' }),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'Objects in view by label.' }),
  zones: Type.Array(ZoneView),
  looks: Type.Optional(LooksView),
  view: Type.Optional(SightView),
  scene: Type.Optional(SceneView),
  readings: Type.Optional(Type.Array(ReadingView)),
});
export type CameraView = Static<typeof CameraView>;

export const EventView = Type.Object({
  id: Type.Integer({ description: 'Grows by one; use it to ask for what came after.' }),
  at: At,
  severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
  kind: Type.String(),
  subject: Type.String(),
  message: Type.String(),
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type EventView = Static<typeof EventView>;

export const ModelView = Type.Object({
  id: Type.String(),
  title: Type.String(),
  file: Type.String(),
  sha256: Type.String(),
  licence: Type.String(),
  source: Type.String(),
  task: Type.String(),
  inputSize: Type.Array(Type.Integer()),
  classes: Type.Integer(),
  state: Type.Union([Type.Literal('ok'), Type.Literal('missing'), Type.Literal('broken')]),
  cause: Type.Optional(Type.String()),
  isDefault: Type.Boolean(),
});
export type ModelView = Static<typeof ModelView>;

export const StoreView = Type.Object({
  path: Type.String(),
  bytes: Type.Number(),
  schemaVersion: Type.Integer(),
  state: Type.Union([Type.Literal('ok'), Type.Literal('full'), Type.Literal('failed')]),
  cause: Type.Optional(Type.String()),
  queued: Type.Integer(),
  shed: Type.Integer({ description: 'Rows given up because the disk was full or the queue long.' }),
  writtenBytes: Type.Number({ description: 'Bytes written since the node started, backups included.' }),
  writtenBytesLastHour: Type.Optional(Type.Number({ description: 'Of these, in the last hour (flash wear).' })),
  lastBackupAt: Type.Optional(At),
  rows: Type.Record(Type.String(), Type.Integer()),
});
export type StoreView = Static<typeof StoreView>;

/** What a Server-Sent-Events listener (or an MQTT publisher) is told has changed. */
export const CHANGE_TOPICS = [
  'node',
  'hardware',
  'peers',
  'links',
  'routes',
  'routeLog',
  'topology',
  'agents',
  'cameras',
  'swarm',
  'policy',
  'federation',
  'incidents',
  'anomalies',
  'observation',
  'job',
  'event',
] as const;
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];
