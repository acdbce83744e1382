// A board profile: what a kind of board is recognised by, and the numbers that suit it. One YAML file each in
// `hw-profiles/`, where every number says why.

import { type Static, Type } from 'typebox';

export const Profile = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 80, description: 'The board, as people call it.' }),
    match: Type.Object(
      {
        models: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
          maxItems: 32,
          description: 'Regular expressions for the device tree’s model text; one must match.',
        }),
        compatible: Type.Optional(
          Type.Array(Type.String({ pattern: '^[a-z0-9]+,[A-Za-z0-9.+_-]+$' }), {
            maxItems: 32,
            description: 'Device tree `compatible` entries that name the board, tried after every profile’s models.',
          }),
        ),
        architectures: Type.Optional(
          Type.Array(Type.Union([Type.Literal('arm'), Type.Literal('arm64'), Type.Literal('x64')]), {
            minItems: 1,
            description: 'For boards that no profile names: those of this architecture and memory.',
          }),
        ),
        memoryBytes: Type.Optional(
          Type.Object(
            { least: Type.Optional(Type.Integer({ minimum: 0 })), most: Type.Optional(Type.Integer({ minimum: 0 })) },
            { additionalProperties: false, description: 'Goes with `architectures`.' },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    inferenceThreads: Type.Integer({
      minimum: 1,
      maximum: 16,
      description: 'Threads of one inference. More is faster and hotter, and leaves less for the mesh.',
    }),
    detector: Type.String({ minLength: 1, description: 'Model id of the object detector.' }),
    framesPerSecond: Type.Number({
      minimum: 0.01,
      maximum: 30,
      description: 'Frames looked at per second and camera. Must fit: cameras × rate × inference time < 1.',
    }),
    workers: Type.Integer({ minimum: 1, maximum: 64, description: 'Worker threads for jobs.' }),
    cacheBytes: Type.Integer({ minimum: 1_000_000, description: 'Page cache of the store.' }),
    flushInterval: Type.Number({
      minimum: 0.01,
      maximum: 1,
      description: 'Seconds that unacknowledged rows wait for a batch. Longer wears flash less, loses more.',
    }),
    meshPreset: Type.Union([
      Type.Literal('wired'),
      Type.Literal('wifi'),
      Type.Literal('sparse'),
      Type.Literal('battery'),
    ]),
    maxPeers: Type.Integer({ minimum: 1, maximum: 1024, description: 'Connections; about 200 kB of memory each.' }),
    radios: Type.Optional(Type.String({ maxLength: 400, description: 'What to know of its radios.' })),
    power: Type.Optional(Type.String({ maxLength: 400, description: 'What to know of its power supply.' })),
  },
  { additionalProperties: false, title: 'parlmesh board profile' },
);
export type Profile = Static<typeof Profile>;

/** A profile with its name: the name of its file. */
export interface NamedProfile extends Profile {
  name: string;
}
