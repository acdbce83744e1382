// What Home Assistant's MQTT integration takes as device discovery, as far as our platforms go: the required and
// the allowed keys, and which device classes, units and state classes go together (Home Assistant core 2026).

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const closed = { additionalProperties: false };
const Text = Type.String({ minLength: 1 });
/** What may be subscribed to or published on here: no wildcards, no empty levels, under 64 kB. */
const Topic = Type.String({ pattern: '^[^#+/\\u0000]+(/[^#+/\\u0000]+)*$', maxLength: 65_535 });
const Template = Type.String({ pattern: '\\{\\{.*\\}\\}' });
const Address = Type.String({ pattern: '^(https?|homeassistant)://.+' });

const Availability = Type.Array(
  Type.Object(
    {
      topic: Topic,
      payload_available: Type.Optional(Text),
      payload_not_available: Type.Optional(Text),
      value_template: Type.Optional(Template),
    },
    closed,
  ),
  { minItems: 1 },
);

const common = {
  unique_id: Text,
  name: Text,
  availability: Type.Optional(Availability),
  availability_mode: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('any'), Type.Literal('latest')])),
  enabled_by_default: Type.Optional(Type.Boolean()),
  icon: Type.Optional(Type.String({ pattern: '^mdi:[a-z0-9-]+$' })),
  json_attributes_topic: Type.Optional(Topic),
  json_attributes_template: Type.Optional(Template),
  qos: Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)])),
};
/** Entities that only tell something cannot be of category "config". */
const telling = { entity_category: Type.Optional(Type.Literal('diagnostic')) };

const BINARY_SENSOR_CLASSES = ['connectivity', 'occupancy', 'problem', 'motion', 'running', 'tamper'];
const BinarySensor = Type.Object(
  {
    ...common,
    ...telling,
    platform: Type.Literal('binary_sensor'),
    state_topic: Type.Optional(Topic),
    value_template: Type.Optional(Template),
    device_class: Type.Optional(Type.Union(BINARY_SENSOR_CLASSES.map((name) => Type.Literal(name)))),
  },
  closed,
);

const Sensor = Type.Object(
  {
    ...common,
    ...telling,
    platform: Type.Literal('sensor'),
    state_topic: Type.Optional(Topic),
    value_template: Type.Optional(Template),
    device_class: Type.Optional(Text),
    state_class: Type.Optional(
      Type.Union(['measurement', 'total', 'total_increasing'].map((name) => Type.Literal(name))),
    ),
    unit_of_measurement: Type.Optional(Text),
    suggested_display_precision: Type.Optional(Type.Integer({ minimum: 0 })),
    options: Type.Optional(Type.Array(Text, { minItems: 1 })),
  },
  closed,
);

const Image = Type.Object(
  {
    ...common,
    platform: Type.Literal('image'),
    image_topic: Topic,
    content_type: Type.Optional(Type.String({ pattern: '^image/' })),
  },
  closed,
);

const Event = Type.Object(
  {
    ...common,
    platform: Type.Literal('event'),
    state_topic: Topic,
    event_types: Type.Array(Text, { minItems: 1 }),
    value_template: Type.Optional(Template),
    device_class: Type.Optional(Type.Union(['button', 'doorbell', 'motion'].map((name) => Type.Literal(name)))),
  },
  closed,
);

const Button = Type.Object(
  {
    ...common,
    platform: Type.Literal('button'),
    command_topic: Topic,
    payload_press: Type.Optional(Text),
    device_class: Type.Optional(Type.Union(['identify', 'restart', 'update'].map((name) => Type.Literal(name)))),
    entity_category: Type.Optional(Type.Union([Type.Literal('config'), Type.Literal('diagnostic')])),
  },
  closed,
);

/** A component that holds only its platform is removed. */
const Removal = Type.Object(
  { platform: Type.Union(['binary_sensor', 'button', 'event', 'image', 'sensor'].map((name) => Type.Literal(name))) },
  closed,
);

export const DeviceDiscovery = Type.Object(
  {
    device: Type.Object(
      {
        identifiers: Type.Array(Text, { minItems: 1 }),
        name: Text,
        manufacturer: Text,
        model: Text,
        sw_version: Text,
        configuration_url: Type.Optional(Address),
        via_device: Type.Optional(Text),
      },
      closed,
    ),
    origin: Type.Object({ name: Text, sw_version: Type.Optional(Text), support_url: Type.Optional(Address) }, closed),
    components: Type.Record(
      Type.String({ pattern: '^[a-zA-Z0-9_-]+$' }),
      Type.Union([BinarySensor, Sensor, Image, Event, Button, Removal]),
    ),
    availability: Availability,
    availability_mode: Type.Union([Type.Literal('all'), Type.Literal('any'), Type.Literal('latest')]),
    state_topic: Topic,
    qos: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]),
  },
  closed,
);
export type DeviceDiscovery = Static<typeof DeviceDiscovery>;

/** Sensor device classes of ours: units and state classes that go with them. */
const SENSOR_CLASSES: Record<string, { units: (string | undefined)[]; states: (string | undefined)[] }> = {
  battery: { units: ['%'], states: ['measurement', undefined] },
  temperature: { units: ['°C', '°F', 'K'], states: ['measurement', undefined] },
  duration: {
    units: ['d', 'h', 'min', 's', 'ms', 'μs'],
    states: ['measurement', 'total', 'total_increasing', undefined],
  },
  timestamp: { units: [undefined], states: [undefined] },
  enum: { units: [undefined], states: [undefined] },
};

/** Everything that Home Assistant would complain about; empty when it takes the message. */
export function complaints(topic: string, payload: string): string[] {
  const message: unknown = JSON.parse(payload);
  const found: string[] = [];
  if (!/^[^/]+\/device\/[a-zA-Z0-9_-]+\/config$/.test(topic)) found.push(`${topic} is no discovery topic`);
  if (!Value.Check(DeviceDiscovery, message)) {
    for (const { instancePath, message: text } of Value.Errors(DeviceDiscovery, message)) {
      found.push(`${topic}${instancePath}: ${text}`);
    }
    return found;
  }
  for (const [id, component] of Object.entries(message.components)) {
    if (!('unique_id' in component) || component.platform !== 'sensor') continue;
    const { device_class: kind, state_class: state, unit_of_measurement: unit, options } = component;
    if (options !== undefined && kind !== 'enum') found.push(`${id}: options without device class enum`);
    if (kind === undefined) continue;
    const rule = SENSOR_CLASSES[kind];
    if (rule === undefined) found.push(`${id}: unknown device class ${kind}`);
    else {
      if (!rule.units.includes(unit)) found.push(`${id}: unit ${unit} does not go with ${kind}`);
      if (!rule.states.includes(state)) found.push(`${id}: state class ${state} does not go with ${kind}`);
    }
  }
  return found;
}
