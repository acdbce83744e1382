// Settings of the swarm: what this node takes on, and how soon a silent node's work goes elsewhere.

import { type Static, Type } from 'typebox';

export const SwarmConfig = Type.Object(
  {
    work: Type.Boolean({
      default: true,
      description:
        'Carry out tasks here. Without it this node only submits jobs, places their tasks and keeps their logs.',
    }),
    agents: Type.Object(
      {
        min: Type.Integer({ minimum: 1, maximum: 100, default: 1, description: 'Job workers that are always there.' }),
        max: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 100,
            description:
              'Most job workers; they come when tasks wait and go when idle. Default: the profile’s `workers`.',
          }),
        ),
      },
      { additionalProperties: false, default: {} },
    ),
    slotsPerAgent: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 1,
      description:
        'Tasks that one job worker carries out at a time. More than 1 pays for tasks that wait for others, not for those that compute.',
    }),
    queue: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 16,
      description:
        'Tasks beyond the slots that this node takes on ahead, so that short tasks do not wait for the network. They can be recalled.',
    }),
    lease: Type.Number({
      minimum: 0.2,
      maximum: 300,
      default: 2,
      description:
        'Seconds without a word after which a node’s tasks are given to others, and a home’s jobs to its deputy. Halving it halves that time, doubles the heartbeats and takes more busy nodes for dead ones.',
    }),
    retries: Type.Integer({
      minimum: 0,
      maximum: 100,
      default: 2,
      description: 'Further attempts of a task that failed, where the job does not say.',
    }),
    scheduler: Type.Union(
      [
        Type.Literal('auto'),
        Type.Literal('parl'),
        Type.Literal('fifo'),
        Type.Literal('least-loaded'),
        Type.Literal('fair'),
        Type.Literal('shortest-critical-path'),
        Type.Literal('heft'),
      ],
      {
        default: 'auto',
        description:
          'Which scheduler places tasks. `auto`: the learned one while it beats the others, else the best of them.',
      },
    ),
    blobs: Type.Object(
      {
        mostBytes: Type.Optional(
          Type.Integer({
            minimum: 1_000_000,
            maximum: 1e13,
            description:
              'Bytes of large inputs and results that are kept here. When room is needed, what was used least recently goes first; what jobs need stays. Default: a tenth of what is free on the disk at the start, at most 1 GB.',
          }),
        ),
      },
      { additionalProperties: false, default: {} },
    ),
    learning: Type.Object(
      {
        enabled: Type.Boolean({
          default: true,
          description:
            'Let the learned scheduler get better here, from jobs that this node placed. Without it the policy stays as it is; it is still judged where `scheduler` is `auto`.',
        }),
        exploration: Type.Number({
          minimum: 0,
          maximum: 0.5,
          default: 0.05,
          description:
            'Share of the learned scheduler’s decisions that are drawn by their probability, not the likeliest: what it learns from. More teaches more, and places so many tasks a little worse.',
        }),
        cpuShare: Type.Number({
          minimum: 0.001,
          maximum: 1,
          default: 0.03,
          description:
            'Share of one processor that lessons may take on average, and judgements as much again. Both run at the lowest priority or in one thread, and rest after each. Halving it doubles the time until the policy fits what the board is used for.',
        }),
        bytesPerHour: Type.Integer({
          minimum: 0,
          maximum: 100_000_000,
          default: 500_000,
          description:
            'Bytes of experience that may be written in an hour, since flash wears: 500 kB are 4.4 GB a year at most. What is beyond is counted and forgotten.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    speed: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 1000,
        description: 'How fast this board computes, 1 being the processor of reference. Measured when left out.',
      }),
    ),
    labels: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 128 }), {
      default: {},
      description: 'What tasks may ask for in `where.labels`, e.g. `{ camera: "yes", room: "attic" }`.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Jobs that spread over the nodes.' },
);
export type SwarmConfig = Static<typeof SwarmConfig>;
