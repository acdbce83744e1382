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
