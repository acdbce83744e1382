// What a node shows of its routes: which way, why, what takes over, every change, and how the whole network bears them.
// As `schema.ts`, in a file of its own for its length.

import { type Static, Type } from 'typebox';
import { At } from './schema.ts';

export const RouteView = Type.Object({
  destination: Type.String(),
  destinationName: Type.String(),
  nextHop: Type.String(),
  nextHopName: Type.String(),
  cost: Type.Number(),
  path: Type.Array(Type.String(), { description: 'Node ids from the first hop to the destination.' }),
  pathNames: Type.Array(Type.String()),
  since: At,
  reason: Type.String({ description: 'Why this path: "direct", "link to b went down", …' }),
  equalCost: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
      description: 'Next hops of all paths of this cost, the one in use among them.',
    }),
  ),
  exit: Type.Optional(
    Type.Object(
      { border: Type.String(), borderName: Type.String(), cost: Type.Number() },
      { description: 'To another area: the border of it that the route goes through, and what it asks from there on.' },
    ),
  ),
  backup: Type.Optional(
    Type.Object(
      {
        kind: Type.Union([Type.Literal('lfa'), Type.Literal('path')], {
          description: 'lfa: a neighbour whose own route does not lead back; path: a path that frames carry.',
        }),
        nextHop: Type.String(),
        nextHopName: Type.String(),
        path: Type.Array(Type.String(), { description: 'Node ids from the next hop to the destination.' }),
        pathNames: Type.Array(Type.String()),
        cost: Type.Number(),
        protects: Type.Union([Type.Literal('node'), Type.Literal('link')], {
          description: 'Whether it also holds when the whole first node of the route is dead.',
        }),
      },
      { description: 'Used at once when the link to the next hop fails. None where the network has no other way.' },
    ),
  ),
});
export type RouteView = Static<typeof RouteView>;

const PathTaken = {
  nextHop: Type.String(),
  nextHopName: Type.String(),
  path: Type.Array(Type.String(), { description: 'Node ids from the first hop to the destination.' }),
  pathNames: Type.Array(Type.String()),
};

export const RouteChangeView = Type.Object({
  id: Type.Integer({ description: 'Grows by one with each change; use it to ask for older ones.' }),
  at: At,
  kind: Type.Union([Type.Literal('added'), Type.Literal('moved'), Type.Literal('lost')]),
  destination: Type.String(),
  destinationName: Type.String(),
  before: Type.Optional(Type.Object({ ...PathTaken, cost: Type.Number() })),
  after: Type.Optional(Type.Object({ ...PathTaken, cost: Type.Number() })),
  reason: Type.String({ description: '"link to b went down (no answer for 151 ms)", …' }),
  afterSeconds: Type.Number({ description: 'From the first word of the cause until the routes followed.' }),
  backup: Type.Optional(
    Type.Object(
      { ...PathTaken, kind: Type.Union([Type.Literal('lfa'), Type.Literal('path')]) },
      { description: 'What frames took until then.' },
    ),
  ),
  sentence: Type.String({ description: '"Route to d was over b, is now over c: link to b went down (…)".' }),
});
export type RouteChangeView = Static<typeof RouteChangeView>;

const NamedPath = Type.Object({
  path: Type.Array(Type.String(), { description: 'Node ids from the first hop to the destination.' }),
  pathNames: Type.Array(Type.String()),
  cost: Type.Number(),
});

export const RouteExplanationView = Type.Object({
  route: RouteView,
  alternatives: Type.Array(NamedPath, { description: 'The best path through each other neighbour, cheapest first.' }),
  change: Type.Optional(
    Type.Object(
      {
        from: Type.String(),
        fromName: Type.String(),
        to: Type.String(),
        toName: Type.String(),
        cost: Type.Number({ description: 'Of this link in this direction, now.' }),
        direction: Type.Union([Type.Literal('above'), Type.Literal('below')]),
        threshold: Type.Number({ description: 'The route moves when the cost goes beyond this.' }),
        becomes: NamedPath,
        sentence: Type.String(),
      },
      { description: 'The smallest change of one link’s cost that moves the route.' },
    ),
  ),
});
export type RouteExplanationView = Static<typeof RouteExplanationView>;

const NAMED_LINK = { a: Type.String(), aName: Type.String(), b: Type.String(), bName: Type.String() };
const CutsOff = Type.Integer({ description: 'Nodes that lose the largest part of the network.' });

export const PlanView = Type.Object({
  nodes: Type.Integer(),
  links: Type.Integer(),
  traffic: Type.Union([Type.Literal('uniform'), Type.Literal('measured')], {
    description:
      'measured: bytes per second that the nodes told they send. uniform: the same between all nodes, as too little was measured.',
  }),
  measuredTotal: Type.Number({ description: 'Bytes per second that all nodes told they send.' }),
  capacities: Type.Union([Type.Literal('equal'), Type.Literal('known')], {
    description: 'known: bytes per second, where nodes have `mesh.plan.linkSpeed`.',
  }),
  busiest: Type.Array(
    Type.Object({
      ...NAMED_LINK,
      load: Type.Number(),
      share: Type.Number({ description: 'Of all traffic, 0 to 1.' }),
      planned: Type.Number({ description: 'The load with the better costs.' }),
      measured: Type.Number({ description: 'Bytes per second in both directions, as its ends tell.' }),
    }),
  ),
  cutNodes: Type.Array(Type.Object({ node: Type.String(), nodeName: Type.String(), cutsOff: CutsOff })),
  cutLinks: Type.Array(Type.Object({ ...NAMED_LINK, cutsOff: CutsOff })),
  weights: Type.Object(
    {
      maximum: Type.Number({
        description:
          'Highest utilisation of a link, one way, that has a way around it: its load where capacities are equal.',
      }),
      improved: Type.Number({ description: 'The same with the better costs.' }),
      changes: Type.Array(Type.Object({ ...NAMED_LINK, cost: Type.Number(), better: Type.Number() })),
      moved: Type.Object(
        { pairs: Type.Integer(), share: Type.Number({ description: 'Of all traffic, 0 to 1.' }) },
        { description: 'Pairs of nodes whose route the better costs move.' },
      ),
      meanCost: Type.Object(
        { before: Type.Number(), after: Type.Number() },
        { description: 'Of a path by measured costs, weighed by traffic: about its milliseconds.' },
      ),
      trials: Type.Integer({ description: 'Sets of costs that were tried.' }),
    },
    { description: 'Link costs that spread the load, compared with the measured ones.' },
  ),
  steering: Type.Optional(
    Type.Object(
      {
        kind: Type.Union([Type.Literal('idle'), Type.Literal('stepping'), Type.Literal('holding')]),
        step: Type.Integer(),
        steps: Type.Integer(),
        links: Type.Integer({ description: 'Costs that are weighed.' }),
        since: Type.Number({ description: 'Milliseconds since 1970.' }),
      },
      { description: 'How far a plan is in force; on the node that may put one into force.' },
    ),
  ),
  threads: Type.Integer({ description: 'That the plan was computed in.' }),
});
export type PlanView = Static<typeof PlanView>;

const PathOf = (description: string) => Type.Array(Type.String(), { description });

export const SurveyView = Type.Object(
  {
    from: Type.String({ description: 'The node whose routes these are.' }),
    routes: Type.Array(
      Type.Object({
        destination: Type.String(),
        cost: Type.Number(),
        path: PathOf('Node ids, source and destination included.'),
        backup: Type.Optional(
          Type.Object({ path: PathOf('What is used when the first link of the path fails.'), cost: Type.Number() }),
        ),
      }),
    ),
    traffic: Type.Array(
      Type.Object({
        a: Type.String(),
        b: Type.String(),
        bytesPerSecond: Type.Number({
          description: 'In both directions, as the nodes tell; 0 where they tell of none.',
        }),
      }),
    ),
    cutNodes: Type.Array(Type.Object({ node: Type.String(), cutsOff: CutsOff })),
    cutLinks: Type.Array(Type.Object({ a: Type.String(), b: Type.String(), cutsOff: CutsOff })),
  },
  { description: 'What a drawing of the network shows beside its links.' },
);
export type SurveyView = Static<typeof SurveyView>;
